"""Evaluation: every metric of the table that applies to some truths and predictions.

Metrics of labels are computed from the confusion matrix alone (`drift.agreement`), so those of a
week are those of the sum of its days' matrices; all others by scikit-learn.
"""

import math
import warnings
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import sklearn.metrics
from numpy.typing import ArrayLike, NDArray
from sklearn.exceptions import UndefinedMetricWarning

from drift.agreement import agreement
from drift.answers import LabelledRows, Values, align_labels, as_series
from drift.columns import ColumnKind, read_column
from drift.confusion import ConfusionMatrix, count_pairs
from drift.metrics import MetricType, metrics_of
from drift.tasks import CLASSIFICATION, Task

_SUM_TOLERANCE = 1e-3
_ABSENT_CLASS = "A class it is about is absent from the truths or from the predictions."
_NO_ROWS = "There is no row with both a truth and a prediction."
_ONE_CLASS = "All truths are of one class, and it needs rows of two."
_UNDEFINED = "The formula is undefined or infinite for these rows."
_INFINITE = "Some truths or predictions are infinite."

_Array = NDArray[np.float64]
_AnyArray = NDArray[np.generic]
_Outcome = float | str  # the value of a metric, or the reason why there is none


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The metrics of some rows: None where not defined, and then the reason in a sentence.

    `rows` are those that have both truth and prediction.
    """

    task: Task
    rows: int
    values: dict[str, float | None]
    reasons: dict[str, str]
    confusion: ConfusionMatrix | None = None


def evaluate(
    *,
    task: Task,
    truths: Values,
    predictions: Values,
    scores: ArrayLike | None = None,
    labels: Sequence[object] | None = None,
) -> Evaluation:
    """Compute every metric of the task; never raises for values, and rows without truth are left.

    `scores` are probabilities: of the positive class, the second label, or one column per class
    in the order of `labels` (default: the classes seen, sorted). Ranking takes gains as truths
    and scores as predictions, both rows x items.
    """
    if task is Task.RANKING:
        return _evaluate_ranking(truths, predictions)
    if task is Task.REGRESSION:
        return evaluate_values(
            read_column(as_series(truths), ColumnKind.FLOAT).numbers,
            read_column(as_series(predictions), ColumnKind.FLOAT).numbers,
        )
    truth = read_column(as_series(truths), ColumnKind.CATEGORY)
    predicted = read_column(as_series(predictions), ColumnKind.CATEGORY)
    answers = align_labels(truth, predicted, labels)
    confusion = count_pairs(answers.labels, answers.truths, answers.predictions)
    outcomes = _label_outcomes(task, confusion)
    if scores is not None:
        outcomes |= _score_outcomes(task, answers, scores)
    return _evaluation(task, confusion.rows, outcomes, confusion)


def evaluate_confusion(
    task: Task, confusion: ConfusionMatrix, names: Collection[str] | None = None
) -> Evaluation:
    """Compute the metrics that need labels (all, or those in `names`) from a confusion matrix."""
    outcomes = _label_outcomes(task, confusion, names)
    return _evaluation(task, confusion.rows, outcomes, confusion)


def evaluate_values(
    truths: _Array, predictions: _Array, names: Collection[str] | None = None
) -> Evaluation:
    """Compute the metrics of regression (all, or those in `names`); NaN in either is left out."""
    both = ~(np.isnan(truths) | np.isnan(predictions))
    truths, predictions = truths[both], predictions[both]
    are_finite = bool(np.isfinite(truths).all() and np.isfinite(predictions).all())
    outcomes = {
        metric.name: _compute(metric, truths, predictions) if are_finite else _INFINITE
        for metric in metrics_of(Task.REGRESSION, "labels")
        if names is None or metric.name in names
    }
    return _evaluation(Task.REGRESSION, len(truths), outcomes)


def _evaluate_ranking(truths: Values, predictions: Values) -> Evaluation:
    gains, scores = np.asarray(truths), np.asarray(predictions)
    outcomes = {
        metric.name: _compute(metric, gains, scores)
        for metric in metrics_of(Task.RANKING, "scores")
    }
    return _evaluation(Task.RANKING, len(gains), outcomes)


def _label_outcomes(
    task: Task, confusion: ConfusionMatrix, names: Collection[str] | None = None
) -> dict[str, _Outcome]:
    table = confusion.on(confusion.labels)
    return {
        metric.name: _label_outcome(metric, table, confusion.labels)
        for metric in metrics_of(task, "labels")
        if names is None or metric.name in names
    }


def _label_outcome(
    metric: MetricType, table: NDArray[np.int64], labels: tuple[str, ...]
) -> _Outcome:
    if not table.any():
        return _NO_ROWS
    if Task.MULTICLASS not in metric.tasks and len(labels) != 2:
        return f"It takes two classes; known are: {', '.join(labels) or 'none'}."
    if metric.needs_two_classes and np.count_nonzero(table.any(axis=1)) < 2:
        return _ONE_CLASS
    value = agreement(metric, table)
    if math.isfinite(value):
        return value
    return _ABSENT_CLASS if metric.part is None else _UNDEFINED


def _score_outcomes(task: Task, answers: LabelledRows, scores: ArrayLike) -> dict[str, _Outcome]:
    metrics = metrics_of(task, "scores")
    both = (answers.truths >= 0) & (answers.predictions >= 0)
    table = _probabilities(scores, both, answers.labels)
    if isinstance(table, str):
        return {metric.name: table for metric in metrics}
    truths = answers.truths[both]
    outcomes: dict[str, _Outcome] = {}
    for metric in metrics:
        if Task.MULTICLASS not in metric.tasks:
            outcomes[metric.name] = _compute(metric, truths, table[:, 1])
        else:
            known = np.arange(len(answers.labels))
            outcomes[metric.name] = _compute(metric, truths, table, labels=known)
    return outcomes


def _probabilities(
    scores: ArrayLike, rows: NDArray[np.bool_], labels: tuple[str, ...]
) -> _Array | str:
    """Return for the marked rows one column of probabilities per label, or why there are none."""
    try:
        table = np.asarray(scores, dtype=np.float64)
    except (ValueError, TypeError):
        return "The scores are not numbers, equally many in each row."
    if len(table) != len(rows):
        return f"There are scores for {len(table)} rows of {len(rows)}."
    if not rows.any():
        return _NO_ROWS
    table = table[rows].reshape(int(rows.sum()), -1)
    if table.shape[1] == 1 and len(labels) == 2:
        table = np.column_stack([1 - table[:, 0], table[:, 0]])
    if table.shape[1] != len(labels) or len(labels) < 2:
        named = ", ".join(labels) or "none"
        return f"Scores have one column per class: there are {table.shape[1]}; classes: {named}."
    if not np.isfinite(table).all():
        return "Some scores are missing or infinite."
    sums = table.sum(axis=1, keepdims=True)
    if (table < 0).any() or (table > 1).any() or (np.abs(sums - 1) > _SUM_TOLERANCE).any():
        return "The scores are not probabilities from 0 to 1 with the sum 1 in each row."
    return table / sums if len(labels) > 2 else table


def _compute(metric: MetricType, *arrays: _AnyArray, **keywords: object) -> _Outcome:
    """Return the value of a metric, or why there is none.

    Where scikit-learn warns that a metric is undefined it returns 0, which would look like a
    measured 0: that is a reason, too.
    """
    if not len(arrays[0]):
        return _NO_ROWS
    if metric.needs_two_classes and len(np.unique(arrays[0])) < 2:
        return _ONE_CLASS
    function = getattr(sklearn.metrics, metric.function)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(*arrays, **metric.options, **keywords)
        except (ValueError, TypeError, ArithmeticError) as error:
            return _sentence(error)
    for note in caught:
        if issubclass(note.category, UndefinedMetricWarning):
            return _ABSENT_CLASS if metric.tasks <= CLASSIFICATION else _sentence(note.message)
    value = float(result)
    return value if math.isfinite(value) else _UNDEFINED


def _sentence(message: Warning | Exception | str) -> str:
    return " ".join(str(message).split())


def _evaluation(
    task: Task,
    rows: int,
    outcomes: dict[str, _Outcome],
    confusion: ConfusionMatrix | None = None,
) -> Evaluation:
    values = {name: None if isinstance(out, str) else out for name, out in outcomes.items()}
    reasons = {name: out for name, out in outcomes.items() if isinstance(out, str)}
    return Evaluation(task, rows, values, reasons, confusion)
