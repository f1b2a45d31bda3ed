"""Verdicts: what makes a window drift, and what alarms follow."""

import pytest

from drift.reports import degradation_report, initial_report
from drift.tasks import Task
from monitoring.verdicts import headline_metric, judge
from tests.monitoring import world
from tests.monitoring.world import INPUTS, TARGET

TRAINING = world.wine(500, seed=1)


def report_of(window, predictions, *, truths=None, task=Task.BINARY):
    initial = initial_report(
        frame=TRAINING, inputs=INPUTS, target=TARGET, task=task, predictions=TRAINING[TARGET]
    )
    return degradation_report(
        initial=initial,
        window=window[INPUTS],
        times=["2026-01-01T00:00:00Z"] * len(window),
        predictions=predictions,
        truths=truths,
    )


def test_nothing_moved_is_steady_and_quiet_for_what_was_judged():
    verdict = judge(report_of(TRAINING, TRAINING[TARGET]))
    assert (verdict.status, verdict.firing, verdict.quiet) == ("steady", {}, {"drift"})


def test_known_truths_that_fit_are_quiet_too():
    verdict = judge(report_of(TRAINING, TRAINING[TARGET], truths=TRAINING[TARGET]))
    assert verdict.quiet == {"drift", "metrics"}


def test_a_changed_column_names_itself_in_the_alarm():
    window = TRAINING.assign(sugar=TRAINING["sugar"] * 100)
    verdict = judge(report_of(window, TRAINING[TARGET]))
    assert verdict.status == "drifting"
    assert verdict.firing == {"drift": "1 of 3 columns changed: sugar"}


def test_changed_predictions_alone_are_drift():
    verdict = judge(report_of(TRAINING, [1] * 500))
    assert verdict.firing == {"drift": "The predictions changed, the inputs did not"}


def test_lost_accuracy_is_an_alarm_of_its_own():
    wrong = [value if place % 4 else 1 - value for place, value in enumerate(TRAINING[TARGET])]
    verdict = judge(report_of(TRAINING, TRAINING[TARGET], truths=wrong))
    assert verdict.firing["metrics"].startswith("Accuracy went from 1 to 0.75")


def test_an_obscure_metric_alone_is_no_alarm():
    """Of forty metrics with a reference of 0 or 1, one is always unlucky."""
    wrong = [value if place % 50 else 1 - value for place, value in enumerate(TRAINING[TARGET])]
    report = report_of(TRAINING, TRAINING[TARGET], truths=wrong)
    assert report.metrics.changed
    assert judge(report).quiet == {"drift", "metrics"}


@pytest.mark.parametrize("rows", [0, 1, 29])
def test_too_few_rows_are_never_judged(rows):
    window = TRAINING.iloc[:rows].assign(sugar=1e6)
    verdict = judge(report_of(window, [1] * rows, truths=[0] * rows if rows else None))
    assert (verdict.status, verdict.firing, verdict.quiet) == ("no_data", {}, frozenset())


def test_few_truths_neither_raise_nor_resolve_the_alarm_about_metrics():
    truths = [1 - v if place < 5 else None for place, v in enumerate(TRAINING[TARGET])]
    verdict = judge(report_of(TRAINING, TRAINING[TARGET], truths=truths))
    assert "metrics" not in verdict.firing and "metrics" not in verdict.quiet


def test_the_headline_metric_is_accuracy_or_the_mean_error():
    report = report_of(TRAINING, TRAINING[TARGET], truths=TRAINING[TARGET])
    assert headline_metric(report) == ("accuracy", 1.0, 1.0)
    assert headline_metric(report_of(TRAINING, TRAINING[TARGET])) == ("", None, None)
