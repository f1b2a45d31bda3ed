"""Agreement of true and predicted classes: metrics of labels, from a confusion matrix alone.

The formulas are those of scikit-learn, whose functions take rows and check them anew at each call:
that is a millisecond for a few sums, and a report asks for some thirty metrics of each period.
Absent classes, in neither truths nor predictions, count in no average, as there.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drift.metrics import MetricType

_Table = NDArray[np.float64]  # rows of each true (down) and predicted (across) class
_Counts = NDArray[np.float64]  # of each class
_Fraction = tuple[_Counts, _Counts]


def agreement(metric: MetricType, table: NDArray[np.int64]) -> float:
    """Return the metric of the rows counted in `table`, which are some; NaN where undefined."""
    result = _FORMULAS[metric.function](table.astype(np.float64), **metric.options)
    return float(result if metric.part is None else result[metric.part])


def _share(
    fraction: Callable[..., _Fraction],
    table: _Table,
    *,
    average: str = "binary",
    pos_label: int = 1,
    zero_division: int = 0,  # what an average counts for a class without a share
    **options: float,
) -> float:
    hits, true, predicted = np.diagonal(table), table.sum(axis=1), table.sum(axis=0)
    if average == "binary":
        top, base = fraction(hits[pos_label], true[pos_label], predicted[pos_label], **options)
        return float(top / base) if base else np.nan
    if average == "micro":
        hits, true, predicted = (np.array([part.sum()]) for part in (hits, true, predicted))
    is_present = true + predicted > 0
    hits, true, predicted = hits[is_present], true[is_present], predicted[is_present]
    top, base = fraction(hits, true, predicted, **options)
    shares = np.divide(top, base, out=np.full_like(top, zero_division), where=base > 0)
    return float(np.average(shares, weights=true if average == "weighted" else None))


def _precision(hits: _Counts, true: _Counts, predicted: _Counts) -> _Fraction:
    return hits, predicted


def _recall(hits: _Counts, true: _Counts, predicted: _Counts) -> _Fraction:
    return hits, true


def _fbeta(hits: _Counts, true: _Counts, predicted: _Counts, *, beta: float = 1.0) -> _Fraction:
    return (1 + beta**2) * hits, beta**2 * true + predicted


def _jaccard(hits: _Counts, true: _Counts, predicted: _Counts) -> _Fraction:
    return hits, true + predicted - hits


def _accuracy(table: _Table) -> float:
    return float(np.trace(table) / table.sum())


def _error_rate(table: _Table) -> float:
    return float((table.sum() - np.trace(table)) / table.sum())


def _balanced_accuracy(table: _Table) -> float:
    true = table.sum(axis=1)
    return float(np.mean(np.diagonal(table)[true > 0] / true[true > 0]))


def _matthews(table: _Table) -> float:
    """Return the correlation of Gorodkin (2004); 0 where all predictions are of one class."""
    rows, true, predicted = table.sum(), table.sum(axis=1), table.sum(axis=0)
    spread = (rows**2 - true @ true) * (rows**2 - predicted @ predicted)
    return float((np.trace(table) * rows - true @ predicted) / np.sqrt(spread)) if spread else 0.0


def _cohen_kappa(table: _Table, *, weights: str | None = None) -> float:
    is_present = table.sum(axis=0) + table.sum(axis=1) > 0
    table = table[np.ix_(is_present, is_present)]
    places = np.arange(len(table))
    distances = np.abs(places - places[:, np.newaxis])
    cost = distances**2 if weights == "quadratic" else distances > 0
    by_chance = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    return float(1 - (cost * table).sum() / (cost * by_chance).sum())


def _likelihood_ratios(table: _Table, *, labels: list[int]) -> tuple[float, float]:
    (rejections, alarms), (misses, hits) = table[np.ix_(labels, labels)]
    negatives, positives = rejections + alarms, misses + hits
    positive = hits * negatives / (alarms * positives) if alarms else np.nan
    negative = misses * negatives / (rejections * positives) if rejections else np.nan
    return float(positive), float(negative)


# By the function of scikit-learn that a metric names.
_FORMULAS: Mapping[str, Callable[..., Any]] = {
    "accuracy_score": _accuracy,
    "balanced_accuracy_score": _balanced_accuracy,
    "class_likelihood_ratios": _likelihood_ratios,
    "cohen_kappa_score": _cohen_kappa,
    "f1_score": partial(_share, _fbeta),
    "fbeta_score": partial(_share, _fbeta),
    "hamming_loss": _error_rate,
    "jaccard_score": partial(_share, _jaccard),
    "matthews_corrcoef": _matthews,
    "precision_score": partial(_share, _precision),
    "recall_score": partial(_share, _recall),
    "zero_one_loss": _error_rate,
}
