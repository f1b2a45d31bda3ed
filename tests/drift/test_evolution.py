"""Each period has the figures of its own rows."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score

from drift.clusters import fit_clusters, nearest
from drift.columns import ColumnKind
from drift.descriptors import describe
from drift.evolution import CLASS_METRICS, Evolution, evaluate_periods, follow
from drift.tasks import Task
from drift.times import Buckets, Period
from tests.drift.samples import a_column

CODES = np.array([0, 0, 1, 1, 1, -1])
BUCKETS = Buckets(Period.DAY, ("2025-03-28", "2025-03-30"), CODES)
NUMBERS = a_column([1.0, 2.0, 8.0, None, 9.0, 100.0])
LABELS = a_column(["a", "b", "b", "b", None, "z"], ColumnKind.CATEGORY)


def followed(**more: object) -> Evolution:
    columns = {"numbers": NUMBERS, "labels": LABELS}
    given = {
        "columns": columns,
        "prediction": LABELS,
        "clusters": np.zeros(6, dtype=int),
        "cluster_count": 0,
        "evaluations": (),
    }
    return follow(BUCKETS, **(given | more))  # type: ignore[arg-type]


def test_every_column_is_described_in_every_period() -> None:
    found = followed()
    assert found.starts == BUCKETS.starts
    assert found.rows == (2, 3)
    for name, column in {"numbers": NUMBERS, "labels": LABELS}.items():
        expected = tuple(describe(column.take(number == CODES)) for number in (0, 1))
        assert found.columns[name] == expected
    assert found.prediction == found.columns["labels"]


def test_shares_of_clusters_are_those_of_the_rows_in_the_period() -> None:
    columns = {"x": a_column([0.0, 9.1, 9.0, 9.2, 0.1, 9.1])}
    model = fit_clusters(columns, classes=2)
    found = followed(clusters=nearest(model, columns), cluster_count=2)
    assert found.clusters == ((0.5, 0.5), pytest.approx((2 / 3, 1 / 3)))


def test_metrics_of_classes_are_those_of_each_period() -> None:
    truth = a_column(["a", "a", "b", "b", "a", "a"], ColumnKind.CATEGORY)
    parts = evaluate_periods(
        BUCKETS, task=Task.BINARY, truth=truth, prediction=LABELS, classes=("a", "b")
    )
    found = followed(evaluations=parts)
    assert found.labelled == (2, 2)
    assert found.metrics.keys() == set(CLASS_METRICS)
    assert found.metrics["accuracy"] == (
        accuracy_score(["a", "a"], ["a", "b"]),
        accuracy_score(["b", "b"], ["b", "b"]),
    )


def test_metrics_of_numbers_are_those_of_each_period() -> None:
    truth = a_column([1.5, 2.0, 7.0, 7.0, 9.5, 0.0], ColumnKind.FLOAT)
    parts = evaluate_periods(
        BUCKETS, task=Task.REGRESSION, truth=truth, prediction=NUMBERS, classes=()
    )
    found = followed(evaluations=parts)
    assert found.labelled == (2, 2)
    assert found.metrics["mae"] == (
        mean_absolute_error([1.5, 2.0], [1.0, 2.0]),
        mean_absolute_error([7.0, 9.5], [8.0, 9.0]),
    )
    assert found.metrics["r2"][1] == pytest.approx(r2_score([7.0, 9.5], [8.0, 9.0]))


def test_without_rows_there_are_no_periods() -> None:
    empty = Buckets(Period.DAY, (), np.zeros(0, dtype=np.int64))
    nothing = a_column([], ColumnKind.FLOAT)
    found = follow(
        empty,
        columns={"x": nothing},
        prediction=None,
        clusters=np.zeros(0, dtype=np.int64),
        cluster_count=2,
        evaluations=(),
    )
    assert found.rows == ()
    assert found.columns == {"x": ()}
    assert found.clusters == ()
