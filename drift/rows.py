"""Rows: a frame and its answers, read once into the columns that all statistics share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from drift.answers import Values, as_series
from drift.columns import Column, ColumnKind, absent_column, read_column
from drift.labels import label_of, ordered
from drift.tasks import Task


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Inputs and answers of some rows; `absent` names the inputs that were not in the frame."""

    columns: dict[str, Column]
    absent: tuple[str, ...]
    prediction: Column | None
    truth: Column | None


def read_baseline(
    frame: pd.DataFrame,
    *,
    inputs: Sequence[object],
    truths: Values | None,
    predictions: Values | None,
    task: Task,
) -> Rows:
    """Read the rows of a baseline, telling the kind of each column from its values."""
    columns, absent = read_frame(frame, dict.fromkeys(label_of(name) for name in inputs))
    truth = _read_answers(truths, task=task, rows=len(frame))
    prediction = _read_answers(predictions, task=task, rows=len(frame))
    if truth and prediction:
        truth = truth.spelled_like(prediction.labels)
    return Rows(columns, absent, prediction, truth)


def read_window(
    frame: pd.DataFrame,
    *,
    kinds: Mapping[str, ColumnKind],
    predictions: Values | None,
    truths: Values | None,
    task: Task,
    classes: tuple[str, ...],
) -> Rows:
    """Read the rows of a window with the kinds and the classes of its baseline."""
    columns, absent = read_frame(frame, kinds)
    prediction, truth = (
        _read_answers(values, task=task, rows=len(frame), classes=classes)
        for values in (predictions, truths)
    )
    return Rows(columns, absent, prediction, truth)


def read_frame(
    frame: pd.DataFrame, kinds: Mapping[str, ColumnKind | None]
) -> tuple[dict[str, Column], tuple[str, ...]]:
    """Read the named columns as their kinds (None: infer), and say which are not in the frame.

    A column that is not there is read as all missing.
    """
    series = named_series(frame)
    columns = {
        name: read_column(series[name], kind)
        if name in series
        else absent_column(kind or ColumnKind.EMPTY, len(frame))
        for name, kind in kinds.items()
    }
    return columns, tuple(name for name in kinds if name not in series)


def named_series(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns of a frame by name; of columns with the same name, the first."""
    series: dict[str, pd.Series] = {}
    for position, name in enumerate(frame.columns):
        series.setdefault(label_of(name), frame.iloc[:, position])
    return series


def as_answers(values: Values, *, rows: int) -> pd.Series:
    """Return one value per row; raises ValueError when there are more or fewer."""
    series = as_series(values)
    if len(series) != rows:
        raise ValueError(
            f"There are {len(series)} answers or times for {rows} rows: give one for each row."
        )
    return series


def classes_of(rows: Rows, *, task: Task, labels: Sequence[object] | None) -> tuple[str, ...]:
    """Return a classifier's classes: `labels` in their order, or those seen in the answers."""
    if not task.is_classification:
        return ()
    if labels is not None:
        return tuple(dict.fromkeys(label_of(label) for label in labels))
    answers = (rows.truth, rows.prediction)
    return ordered(label for column in answers if column for label in column.labels)


def _read_answers(
    values: Values | None, *, task: Task, rows: int, classes: tuple[str, ...] = ()
) -> Column | None:
    if values is None:
        return None
    kind = ColumnKind.CATEGORY if task.is_classification else ColumnKind.FLOAT
    return read_column(as_answers(values, rows=rows), kind).spelled_like(classes)
