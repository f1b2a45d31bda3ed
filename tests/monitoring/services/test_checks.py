"""Checks: production against the baseline, with the numbers of pandas and scikit-learn."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from django.core.serializers import deserialize, serialize
from django.utils import timezone
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from core import timerange
from core.errors import ConflictError
from core.timerange import TimeRange
from deployments.models import Deployment
from drift.reports import DegradationReport, InitialReport
from gateway.models import Truth
from monitoring.models import Baseline, Check, MetricRecord
from monitoring.rules import LEAST_ROWS
from monitoring.services.baselines import build_baseline
from monitoring.services.checks import run_check
from tests import factories
from tests.monitoring import world
from tests.monitoring.world import INPUTS, TARGET

pytestmark = pytest.mark.django_db

WEEK = timerange.named("week")

_built: list[tuple[str, bytes]] = []


@pytest.fixture(scope="module")
def training() -> pd.DataFrame:
    return world.wine(600, seed=1)


@pytest.fixture(scope="module")
def model(training):
    return world.a_classifier(training)


@pytest.fixture
def wine(training, model, monkeypatch) -> Deployment:
    """Return a deployment with a baseline, which is computed once and written for each test."""
    version = world.a_watched_version(frame=training)
    deployment = world.a_watched_deployment()
    world.install(monkeypatch, model.predict)
    if not _built:
        kept = build_baseline(version)
        rows = serialize("json", [kept, *MetricRecord.objects.all()])
        _built.append((rows, kept.file.read_bytes()))
        return deployment
    rows, content = _built[0]
    for row in deserialize("json", rows):
        row.object.version = version
        row.save()
    Baseline.objects.get().file.write_bytes(content)
    return deployment


def test_a_window_like_the_training_set_is_steady(wine, model, training):
    same = training.sample(frac=1, random_state=1)
    world.answered(wine, same[INPUTS], model.predict(same[INPUTS]))
    row = run_check(deployment=wine, span=WEEK)
    assert (row.status, row.changed, row.rows, row.columns) == ("steady", [], 600, 3)
    assert row.headline == "None of 3 columns changed; no true values are known"
    assert row.findings == []
    assert "No true values are known for this window" in row.report["notes"][0]


def test_a_moved_column_and_lost_metrics_are_found_with_their_numbers(wine, model, training):
    moved = world.wine(300, seed=5, alcohol=12.0)
    moved[TARGET] = 1 - moved[TARGET]
    predicted = model.predict(moved[INPUTS])
    world.answered(wine, moved[INPUTS], predicted, truths=moved[TARGET].tolist())
    row = run_check(deployment=wine, span=WEEK)
    assert (row.status, row.changed[0]) == ("drifting", "alcohol")
    report = DegradationReport.from_json(row.report)
    alcohol = next(change for change in report.columns if change.name == "alcohol")
    figures = alcohol.current.descriptors
    assert figures.mean == pytest.approx(moved["alcohol"].mean())
    assert figures.std == pytest.approx(moved["alcohol"].std())
    assert figures.q75 == pytest.approx(moved["alcohol"].quantile(0.75))
    comparison = next(one for one in alcohol.comparisons if one.what == "mean")
    assert comparison.percent_of_threshold == pytest.approx(
        100 * abs(moved["alcohol"].mean() - training["alcohol"].mean()) / training["alcohol"].std()
    )
    now = report.metrics.current
    assert now.values["accuracy"] == pytest.approx(accuracy_score(moved[TARGET], predicted))
    assert now.values["f1_weighted"] == pytest.approx(
        f1_score(moved[TARGET], predicted, average="weighted")
    )
    assert np.array_equal(now.confusion.counts, confusion_matrix(moved[TARGET], predicted))
    assert (row.metric, row.metric_now) == ("accuracy", now.values["accuracy"])
    assert row.metric_then == pytest.approx(
        accuracy_score(training[TARGET], model.predict(training[INPUTS]))
    )


def test_the_check_keeps_what_it_rests_on(wine, olga, model, training):
    world.answered(wine, training[INPUTS], model.predict(training[INPUTS]))
    before = timezone.now()
    row = run_check(deployment=wine, span=WEEK, actor=olga)
    assert (row.window, row.trigger, row.actor) == ("week", "user", olga)
    assert row.end - row.start == timedelta(days=7)
    assert before <= row.end <= timezone.now()
    assert row.baseline.version == row.version
    assert row.thresholds["tolerance"] == 0.1
    assert row.thresholds["distances"]["psi"]["title"] == "Population stability index"
    assert row.method and row.seconds > 0


def test_truths_that_are_partly_known_are_said_and_used(wine, model, training):
    part = training.iloc[:100]
    truths = [int(v) if place % 4 else None for place, v in enumerate(part[TARGET])]
    world.answered(wine, part[INPUTS], model.predict(part[INPUTS]), truths=truths)
    row = run_check(deployment=wine, span=WEEK)
    known = part[[truth is not None for truth in truths]]
    assert row.report["metrics"]["current"]["rows"] == 75
    assert row.metric_now == pytest.approx(
        accuracy_score(known[TARGET], model.predict(known[INPUTS]))
    )
    assert any("True values are known for 75 of 100 rows" in n for n in row.report["notes"])


def test_a_window_without_rows_has_no_data(wine):
    row = run_check(deployment=wine, span=WEEK)
    assert (row.status, row.rows, row.headline) == ("no_data", 0, "No rows in this window")
    assert DegradationReport.from_json(row.report).rows == 0


def test_a_few_rows_are_compared_but_not_judged(wine, model):
    few = world.wine(LEAST_ROWS - 1, seed=5, alcohol=14.0)
    world.answered(wine, few[INPUTS], model.predict(few[INPUTS]))
    row = run_check(deployment=wine, span=WEEK)
    assert (row.status, row.rows) == ("no_data", LEAST_ROWS - 1)
    assert "too few for a verdict" in row.headline
    assert row.changed[0] == "alcohol"
    assert not wine.alarms.exists()


def test_only_the_range_that_was_asked_for_is_read(wine, model, training):
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    part = training.iloc[:50]
    for day in range(3):
        world.answered(
            wine,
            part[INPUTS],
            model.predict(part[INPUTS]),
            end=noon + timedelta(days=day),
            days=0.25,
        )
    span = timerange.parse(
        {"from": "2026-03-02T01:00", "to": "2026-03-02T14:00", "tz": "Europe/Berlin"}
    )
    row = run_check(deployment=wine, span=span)
    assert (row.rows, row.window) == (50, "")
    assert (row.start.hour, row.end.hour) == (0, 13)
    assert row.report["evolution"]["period"] == "hour"
    assert row.report["end"].startswith("2026-03-02T12:00")


def test_a_range_without_an_end_ends_now(wine):
    row = run_check(deployment=wine, span=TimeRange(start=timezone.now() - timedelta(1), end=None))
    assert timezone.now() - row.end < timedelta(minutes=1)


def test_the_version_that_serves_counts_while_another_is_on_its_way(wine, model, training):
    world.a_watched_version(version="2", frame=training)
    wine.target = factories.a_release(deployment=wine, version="2", status="building")
    wine.save()
    assert run_check(deployment=wine, span=WEEK).version.version == "1"
    wine.current = None
    wine.save()
    assert run_check(deployment=wine, span=WEEK).version.version == "2"
    wine.target = None
    wine.save()
    assert run_check(deployment=wine, span=WEEK).version.version == "2", "the newest release"


def test_scores_of_other_classes_are_told_apart(wine, training):
    part = training.iloc[:40]
    outputs = [{"a": 0.2, "b": 0.8}] * 40
    world.answered(wine, part[INPUTS], outputs, truths=part[TARGET].tolist())
    metrics = run_check(deployment=wine, span=WEEK).report["metrics"]["current"]
    assert metrics["values"]["roc_auc"] is None
    assert "one column per class" in metrics["reasons"]["roc_auc"]


def test_predictions_that_were_refused_are_no_rows(wine, model, training):
    part = training.iloc[:40]
    world.answered(wine, part[INPUTS], model.predict(part[INPUTS]))
    factories.a_prediction(status=422, inputs='{"columns":["acid"],"data":[["x"]]}')
    assert run_check(deployment=wine, span=WEEK).rows == 40


def test_only_the_present_version_is_read(wine, model, training):
    part = training.iloc[:40]
    world.answered(wine, part[INPUTS], model.predict(part[INPUTS]))
    world.answered(wine, part[INPUTS], model.predict(part[INPUTS]), version="0")
    assert run_check(deployment=wine, span=WEEK).rows == 40


def test_without_a_baseline_what_came_in_is_described_by_itself(training, model):
    world.a_watched_version()
    wine = world.a_watched_deployment()
    part = training.iloc[:50]
    truths = part[TARGET].tolist()
    world.answered(wine, part[INPUTS], model.predict(part[INPUTS]), truths=truths)
    row = run_check(deployment=wine, span=WEEK)
    assert (row.status, row.baseline, row.report, row.rows) == ("failed", None, {}, 50)
    assert "has no training set" in row.problem and "there are 50 so far" in row.problem
    described = InitialReport.from_json(row.described)
    assert described.columns["alcohol"].measure.descriptors.mean == pytest.approx(
        part["alcohol"].mean()
    )
    assert described.metrics.values["accuracy"] == pytest.approx(
        accuracy_score(truths, model.predict(part[INPUTS]))
    )
    assert not wine.alarms.exists()


def test_a_baseline_of_other_columns_is_named_in_the_check(training, model):
    world.a_watched_version(frame=training.add_prefix("old_"))
    wine = world.a_watched_deployment()
    part = training.iloc[:50]
    world.answered(wine, part[INPUTS], model.predict(part[INPUTS]))
    row = run_check(deployment=wine, span=WEEK)
    assert row.status == "failed"
    assert "none of the inputs" in row.problem
    assert row.described["rows"] == 50


def test_columns_that_came_or_went_are_said_and_the_rest_is_compared(wine, model, training):
    part = training.iloc[:60]
    sent = part[INPUTS].drop(columns="sugar").assign(colour="red")
    world.answered(wine, sent, model.predict(part[INPUTS]))
    row = run_check(deployment=wine, span=WEEK)
    assert row.status == "drifting"
    assert "sugar: the column is not in this window." in row.findings
    assert any("colour: the column is not in the baseline" in note for note in row.report["notes"])
    assert row.columns == 3


def test_values_of_another_kind_break_nothing(wine, model, training):
    part = training[INPUTS].iloc[:60].astype(object)
    part.iloc[:20, 0] = "n/a"
    part.iloc[20:30, 1] = None
    part.iloc[30:35, 2] = [[["nested"]]] * 5
    world.answered(wine, part, [0] * 60)
    row = run_check(deployment=wine, span=WEEK)
    assert any("acid: 20 values are not of the baseline's kind" in one for one in row.findings)
    assert any("sugar: 5 values" in one for one in row.findings)


def test_probabilities_as_answers_are_compared_by_class(training, model, monkeypatch):
    version = world.a_watched_version(frame=training)
    wine = world.a_watched_deployment()
    world.install(monkeypatch, model.predict_proba)
    build_baseline(version)
    same = training.iloc[:200]
    world.answered(
        wine, same[INPUTS], model.predict_proba(same[INPUTS]), truths=same[TARGET].tolist()
    )
    row = run_check(deployment=wine, span=WEEK)
    values = row.report["metrics"]["current"]["values"]
    assert values["accuracy"] == pytest.approx(
        accuracy_score(same[TARGET], model.predict(same[INPUTS]))
    )
    assert values["roc_auc"] is not None
    assert row.report["prediction"]["bins"]["labels"] == ["0", "1"]


def test_a_deployment_that_never_had_a_version_cannot_be_checked(db):
    row = Deployment.objects.create(name="empty", model_name="empty", node="testnode")
    with pytest.raises(ConflictError, match="empty has never had a version"):
        run_check(deployment=row, span=WEEK)


def test_truths_of_the_watched_window_enter_the_history_when_they_say_something_new(
    wine, model, training
):
    part = training.iloc[:60]
    sent = world.answered(
        wine, part[INPUTS], model.predict(part[INPUTS]), truths=[*part[TARGET][:40], *[None] * 20]
    )
    history = MetricRecord.objects.filter(kind="truths")
    run_check(deployment=wine, span=timerange.named("month"))
    assert not history.exists()
    run_check(deployment=wine, span=WEEK)
    run_check(deployment=wine, span=WEEK)
    assert [record.rows for record in history.all()] == [40]
    Truth.objects.create(prediction=sent[-1].pk, row=0, value=1)
    run_check(deployment=wine, span=WEEK)
    assert [record.rows for record in history.all()] == [41, 40]
    assert history.all()[0].metrics["confusion"]["labels"] == ["0", "1"]


def test_the_fallback_baseline_is_built_by_the_check_that_finds_enough_rows(model):
    world.a_watched_version()
    wine = world.a_watched_deployment()
    frame = world.wine(1100, seed=3)
    world.answered(wine, frame[INPUTS], model.predict(frame[INPUTS]), per_request=100)
    row = run_check(deployment=wine, span=WEEK)
    assert row.baseline.is_provisional
    assert row.status in (Check.Status.STEADY, Check.Status.DRIFTING)
    assert "first production rows stand in" in row.baseline.report["notes"][0]


def test_the_same_rows_give_the_same_report(wine, model, training):
    part = training.iloc[:80]
    world.answered(wine, part[INPUTS], model.predict(part[INPUTS]), truths=part[TARGET].tolist())
    span = timerange.parse({"from": "2020-01-01"})
    first, second = (run_check(deployment=wine, span=span) for _ in range(2))
    assert first.report == second.report


def test_a_version_that_mlflow_has_deleted_is_still_checked(wine, model, training):
    part = training.iloc[:40]
    world.answered(wine, part[INPUTS], model.predict(part[INPUTS]))
    factories.a_version(
        model="wine", version="1", gone=timezone.now(), details={"inputs": world.SIGNATURE}
    )
    assert run_check(deployment=wine, span=WEEK).rows == 40
