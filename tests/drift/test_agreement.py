"""Metrics from a confusion matrix are those of scikit-learn for the rows it counts."""

import itertools
import warnings

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from drift.agreement import agreement
from drift.metrics import MetricType, metrics_of
from drift.tasks import Task
from tests.drift.samples import quick

COUNTS = st.sampled_from([0, 0, 1, 2, 7, 40])


def by_rows(metric: MetricType, table: np.ndarray) -> tuple[float, bool]:
    """Return scikit-learn's metric of rows as in the table, and whether it is undefined there."""
    places = [(i, j) for i, j in np.ndindex(table.shape) for _ in range(table[i, j])]
    function = getattr(sklearn.metrics, metric.function)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = function(*zip(*places, strict=True), **metric.options)
    kinds = {note.category for note in caught}
    if metric.part is not None:
        return result[metric.part], np.isnan(result[metric.part])
    return result, sklearn.exceptions.UndefinedMetricWarning in kinds


def compare(task: Task, table: np.ndarray) -> None:
    true_classes = np.count_nonzero(table.any(axis=1))
    for metric in metrics_of(task, "labels"):
        if metric.needs_two_classes and true_classes < 2:
            continue
        expected, is_undefined = by_rows(metric, table)
        value = agreement(metric, table)
        assert np.isnan(value) == is_undefined, metric.name
        assert is_undefined or value == pytest.approx(expected, abs=1e-12), metric.name


def test_every_pattern_of_empty_cells_of_two_classes() -> None:
    for filled in itertools.product([0, 1], repeat=4):
        if any(filled):
            compare(Task.BINARY, np.array([[3, 5], [2, 7]]) * np.reshape(filled, (2, 2)))


@quick
@given(st.integers(1, 5).flatmap(lambda size: arrays.arrays(int, (size, size), elements=COUNTS)))
def test_any_table_of_several_classes(table: np.ndarray) -> None:
    if table.any():
        compare(Task.MULTICLASS, table)
