"""Describing rows as an initial report: task, answers and scores found out from the values."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drift.answers import infer_task
from drift.columns import ColumnKind, read_column
from drift.labels import label_of, ordered
from drift.measures import refer
from drift.reports import InitialReport, initial_report
from drift.tasks import Task, task_of_classes
from monitoring.answers import Answers, read_answers
from monitoring.frames import Logged

MOST_CLASSES = 100
TRUE_VALUE = "true value"


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows to describe: `frame` with inputs and target, and what the model answered.

    `outputs` has one entry per row, None where the model was not asked; it is None as a whole
    when the model was asked for nothing.
    """

    frame: pd.DataFrame
    inputs: tuple[str, ...]
    target: str | None
    outputs: list[Any] | None = None


def describe_rows(rows: Rows) -> InitialReport:
    """Return the initial report of the rows, with a note about outputs that were not used."""
    truths = rows.frame[rows.target] if rows.target else None
    answers = None
    if rows.outputs is not None:
        answers = read_answers(rows.outputs, classes=classes_of(truths))
    task = task_of(truths, answers)
    report = initial_report(
        frame=rows.frame,
        inputs=rows.inputs,
        target=rows.target,
        task=task,
        predictions=predictions_of(answers) if answers else None,
        scores=scores_of(answers) if answers else None,
        labels=(answers.labels or None) if answers else None,
    )
    if answers is None:
        return report
    # A row that the model was not asked for is no missing prediction.
    kind = ColumnKind.CATEGORY if task.is_classification else ColumnKind.FLOAT
    known = read_column(predictions_of(answers), kind).spelled_like(report.classes)
    prediction = refer(known.take(known.present | known.unreadable))
    notes = (*report.notes, answers.note) if answers.note else report.notes
    return replace(report, prediction=prediction, notes=notes)


def describe_logged(logged: Logged, *, target: str) -> tuple[InitialReport, pd.DataFrame]:
    """Describe what came in by itself, and return the frame with the truths as column `target`."""
    frame, name = logged.frame, None
    if logged.known_truths is not None:
        name = target or TRUE_VALUE
        while name in frame.columns:
            name += "'"
        frame = frame.assign(**{name: pd.Series(logged.truths, dtype=object)})
    rows = Rows(frame, tuple(logged.frame.columns), name, logged.outputs)
    return describe_rows(rows), frame


def task_of(truths: pd.Series | None, answers: Answers | None) -> Task:
    """Tell the task from scores, or else from the values of truths and predictions.

    Without any of them it is taken for regression: nothing then depends on it.
    """
    if answers is not None and answers.labels:
        return task_of_classes(answers.labels)
    sides = [truths] if truths is not None else []
    if answers is not None:
        sides.append(predictions_of(answers))
    try:
        return infer_task(sides[0], sides[-1]) if sides else Task.REGRESSION
    except ValueError:
        return Task.REGRESSION


def classes_of(truths: pd.Series | None) -> tuple[str, ...]:
    """Return the classes among the truths in their order; none when they are too many."""
    if truths is None:
        return ()
    labels = {label_of(value) for value in truths.dropna().unique()}
    return ordered(labels) if len(labels) <= MOST_CLASSES else ()


def predictions_of(answers: Answers) -> pd.Series:
    """Return the predictions as a series of whatever objects they are."""
    return pd.Series(answers.predictions, dtype=object)


def scores_of(answers: Answers) -> NDArray[np.float64] | None:
    """Return the scores as rows x classes, NaN where a row has none."""
    return None if answers.scores is None else np.array(answers.scores, dtype=np.float64)
