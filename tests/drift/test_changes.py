"""Changes put then and now side by side, and the worst come first."""

import pytest

from drift.changes import ColumnChange, cluster_changes, column_change, metric_change, worst_first
from drift.clusters import ClusterModel, assign, fit_clusters
from drift.columns import ColumnKind
from drift.evaluation import evaluate
from drift.measures import measure, refer
from drift.tasks import Task
from tests.drift.samples import a_column

VALUES = [1.0, 2.0, 3.0, 4.0, 5.5]


def change(name: str, then: list[object], now: list[object]) -> ColumnChange:
    reference = refer(a_column(then))
    return column_change(name, reference, measure(reference, a_column(now, reference.kind)))


def test_an_equal_window_changes_nothing() -> None:
    found = change("a", VALUES, VALUES)
    assert not found.changed
    assert found.worst_percent == 0.0
    assert found.exceeded == ()
    assert found.reference == found.current
    assert {distance.value for distance in found.distances} == {0.0}


def test_a_shift_changes_the_column_by_its_worst_figure() -> None:
    found = change("a", VALUES, [value + 1 for value in VALUES])
    assert found.changed
    worst = max(one.percent_of_threshold or 0.0 for one in found.comparisons)
    assert found.worst_percent == worst == found.exceeded[0].percent_of_threshold


def test_labels_are_compared_by_their_shares() -> None:
    found = change("a", ["x", "y"], ["x", "x"])
    assert [one.what for one in found.comparisons] == ["missing", "label shares"]
    assert found.worst_percent == pytest.approx(500)


def test_changed_columns_come_first_and_the_worst_of_them_before_all() -> None:
    changes = [
        change("same", VALUES, VALUES),
        change("slight", VALUES, [*VALUES[:-1], 5.6]),
        change("strong", VALUES, [value + 1 for value in VALUES]),
        change("wild", VALUES, [value * 100 for value in VALUES]),
        change("constant", [5.0, 5.0], [5.0, 6.0]),
        change("empty", [None], [None]),
    ]
    assert [one.name for one in worst_first(changes)] == [
        "constant",
        "wild",
        "strong",
        "slight",
        "same",
        "empty",
    ]


def test_clusters_are_numbered_from_one() -> None:
    columns = {"x": a_column([0.0, 0.1, 9.0, 9.1, 9.2])}
    model = fit_clusters(columns, classes=2)
    moved = {"x": a_column([0.0, 0.1, 0.1, 9.1, 9.2], ColumnKind.FLOAT)}
    found = cluster_changes(model, assign(model, moved))
    assert [(one.number, one.reference.size, one.current.size) for one in found] == [
        (1, 3, 2),
        (2, 2, 3),
    ]
    assert all(one.changed for one in found)
    assert found[0].worst_percent is not None


def test_no_clusters_are_no_changes() -> None:
    assert cluster_changes(ClusterModel(reason="none"), ()) == ()


def test_metrics_without_a_baseline_are_shown_and_not_compared() -> None:
    current = evaluate(task=Task.BINARY, truths=[0, 1], predictions=[0, 0])
    found = metric_change(None, current)
    assert found.comparisons == ()
    assert not found.changed
