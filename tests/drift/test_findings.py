"""Findings are whole sentences that name the column, the figures and the threshold."""

from datetime import UTC, datetime, timedelta

import pytest

from drift.changes import ColumnChange, column_change, metric_change
from drift.columns import ColumnKind
from drift.evaluation import evaluate
from drift.findings import (
    baseline_notes,
    column_sentence,
    headline,
    metric_findings,
    value_findings,
    window_notes,
)
from drift.measures import measure, refer
from drift.tasks import Task
from drift.times import Period
from tests.drift.samples import a_column

DAY = datetime(2024, 1, 1, tzinfo=UTC)


def change(then: list[object], now: list[object], kind: ColumnKind | None = None) -> ColumnChange:
    reference = refer(a_column(then, kind))
    return column_change("size", reference, measure(reference, a_column(now, reference.kind)))


@pytest.mark.parametrize(
    ("then", "now", "sentence"),
    [
        (
            [1.0, 2.0, 3.0],
            [1.0, 2.0, 3.6],
            "size: the standard deviation went from 1 to 1.31 (311 % of the threshold); "
            "beyond their thresholds, too: upper quartile.",
        ),
        (
            ["x"] * 5 + ["y"] * 5,
            ["x"] * 8 + ["z"] * 2,
            "size: 50 % of the rows moved to other labels (500 % of the threshold).",
        ),
        (
            [True, False],
            [True, False, None],
            "size: the share without a value went from 0 % to 33.3 % (333 % of the threshold).",
        ),
        (
            [5.0, 5.0],
            [5.0, 6.0],
            "size: the mean went from 5 to 5.5 (no change was allowed); beyond their thresholds, "
            "too: standard deviation, upper quartile.",
        ),
        (
            [DAY, DAY + timedelta(days=2)],
            [DAY + timedelta(days=9), DAY + timedelta(days=11)],
            "size: the mean went from 2024-01-02T00:00:00.000+00:00 to "
            "2024-01-11T00:00:00.000+00:00 (636 % of the threshold).",
        ),
        (
            [DAY, DAY + timedelta(days=2)],
            [DAY, DAY + timedelta(days=3)],
            "size: the standard deviation went from 1.41 days to 2.12 days (500 % of the "
            "threshold).",
        ),
        (
            [f"{'long ' * n}" for n in range(11)],
            ["long " * 5] * 4,
            "size: the standard deviation of its length went from 16.6 to 0 (1,000 % of the "
            "threshold); beyond their thresholds, too: lower quartile, upper quartile.",
        ),
    ],
    ids=["numbers", "labels", "missing", "constant", "dates", "spread of dates", "text"],
)
def test_a_changed_column_is_a_sentence(
    then: list[object], now: list[object], sentence: str
) -> None:
    assert column_sentence(change(then, now)) == sentence


def test_the_headline_counts_columns_and_says_what_the_metric_did() -> None:
    columns = [change([1.0, 2.0], [1.0, 2.0]), change([1.0, 2.0], [8.0, 9.0])]
    then = evaluate(task=Task.BINARY, truths=[0, 1, 1, 0], predictions=[0, 1, 1, 0])
    now = evaluate(task=Task.BINARY, truths=[0, 1, 1, 0], predictions=[0, 1, 0, 1])
    metrics = metric_change(then, now)
    assert headline(columns, metrics, rows=4) == (
        "1 of 2 columns changed; accuracy fell from 1 to 0.5"
    )
    assert headline(columns[:1], metric_change(now, then), rows=4) == (
        "None of 1 columns changed; accuracy rose from 0.5 to 1"
    )
    assert headline(columns, metric_change(now, now), rows=4).endswith("accuracy stayed at 0.5")
    assert headline(columns, metric_change(None, now), rows=4) == "1 of 2 columns changed"
    assert headline(columns, None, rows=4).endswith("; no true values are known")
    assert headline(columns, None, rows=0) == "No rows in this window"


def test_an_error_that_grows_is_a_finding_and_one_that_shrinks_is_none() -> None:
    then = evaluate(task=Task.REGRESSION, truths=[1.0, 2.0, 4.0], predictions=[1.1, 2.1, 4.1])
    now = evaluate(task=Task.REGRESSION, truths=[1.0, 2.0, 4.0], predictions=[1.5, 2.5, 4.5])
    (finding,) = metric_findings(metric_change(then, now))
    assert finding.startswith("18 of 19 metrics lost more than their threshold: mean absolute err")
    assert "rose from 0.1 to 0.5 (4,000 % of the threshold)." in finding
    assert metric_findings(metric_change(now, then)) == []
    assert metric_findings(None) == []


def test_new_labels_unreadable_and_infinite_values_are_told() -> None:
    labels = change(["x", "y"], ["x", "w", "v", "w"])
    assert value_findings([labels]) == [
        "size: 3 rows hold labels the baseline never had: w (2), v (1)."
    ]
    numbers = change([1.5, 2.5], [1.5, "n/a", float("inf")])
    assert value_findings([numbers]) == [
        "size: 1 values are not of the baseline's kind, float, and count as missing.",
        "size: 1 values are infinite.",
    ]


def test_the_baselines_gaps_are_noted() -> None:
    references = {
        "empty": refer(a_column([None])),
        "same": refer(a_column([1, 1])),
        "wild": refer(a_column([1.0, 2.0, float("inf")])),
        "gone": refer(a_column([None])),
    }
    assert baseline_notes(references, absent=["gone"], has_metrics=False) == (
        "gone: the column is not in the data set of the baseline.",
        "empty: the column has no values in the baseline.",
        "same: the column has only one value in the baseline.",
        "wild: 1 values are infinite; figures leave them out.",
        "There are no base metrics: they take a target and predictions.",
    )


def test_a_windows_limits_are_noted() -> None:
    notes = window_notes(
        rows=10,
        timeless=2,
        extra=["spare"],
        asked=Period.HOUR,
        used=Period.DAY,
        has_predictions=True,
        labelled=4,
    )
    assert notes == (
        "spare: the column is not in the baseline, so it is not compared.",
        "2 rows have no time and are in no period of the evolution.",
        "The evolution is by day: by hour, it has over 400 periods.",
        "True values are known for 4 of 10 rows; metrics stand on them.",
    )
    nothing = window_notes(
        rows=10,
        timeless=0,
        extra=[],
        asked=Period.DAY,
        used=Period.DAY,
        has_predictions=False,
        labelled=0,
    )
    assert nothing == (
        "There are no predictions for this window.",
        "No true values are known for this window, so there are no metrics.",
    )
