"""Answers: truths and predictions brought to one form, so that they can be compared."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from drift.columns import Column, ColumnKind, infer_kind, read_column
from drift.labels import label_of, ordered
from drift.tasks import Task, task_of_classes

MOST_NUMBERED_CLASSES = 20

Values = pd.Series | pd.DataFrame | ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class LabelledRows:
    """True and predicted classes as positions in `labels`, -1 where missing."""

    labels: tuple[str, ...]
    truths: NDArray[np.int64]
    predictions: NDArray[np.int64]


def as_series(values: Values) -> pd.Series:
    """Return one answer per row, whatever a model or client wrapped them in."""
    if isinstance(values, pd.DataFrame):
        values = values.iloc[:, 0]
    if isinstance(values, pd.Series):
        return values.reset_index(drop=True)
    if isinstance(values, np.ndarray):
        values = values.reshape(len(values), -1)[:, 0]
    return pd.Series(values)


def infer_task(truths: Values, predictions: Values) -> Task:
    """Tell the task from answers alone: numbers with fractions, or many of them, are regression.

    Whole numbers are classes up to `MOST_NUMBERED_CLASSES` different ones. Raises ValueError when
    there is no answer to tell it from.
    """
    sides = [as_series(truths), as_series(predictions)]
    kinds = {infer_kind(side) for side in sides} - {ColumnKind.EMPTY}
    if not kinds:
        raise ValueError("The task cannot be told from answers that are all missing: name it.")
    truth, predicted = (read_column(side, ColumnKind.CATEGORY) for side in sides)
    labels = {*truth.spelled_like(predicted.labels).labels, *predicted.labels}
    are_numbers = all(kind.is_number for kind in kinds)
    if are_numbers and (ColumnKind.FLOAT in kinds or len(labels) > MOST_NUMBERED_CLASSES):
        return Task.REGRESSION
    return task_of_classes(labels)


def align_labels(
    truths: Column, predictions: Column, known: Sequence[object] | None = None
) -> LabelledRows:
    """Put both sides on one list of labels: `known` in its order, then others as they appear."""
    first = tuple(dict.fromkeys(label_of(label) for label in known or ()))
    predictions = predictions.spelled_like(first)
    truths = truths.spelled_like(first or predictions.labels)
    seen = {*truths.labels, *predictions.labels}
    labels = (*first, *ordered(seen - set(first)))
    place = {label: position for position, label in enumerate(labels)}

    def codes(column: Column) -> NDArray[np.int64]:
        places = np.array([place[label] for label in column.labels] + [-1], dtype=np.int64)
        return places[column.codes]

    return LabelledRows(labels, codes(truths), codes(predictions))
