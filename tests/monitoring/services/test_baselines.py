"""Baselines: what they are built from, and what they say when something is missing."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, roc_auc_score

from drift.reports import InitialReport
from monitoring.models import Baseline, Check, MetricRecord
from monitoring.rules import PRODUCTION_ROWS
from monitoring.services.baselines import build_baseline, usable_baseline
from tests.monitoring import world
from tests.monitoring.world import INPUTS, TARGET

pytestmark = pytest.mark.django_db


@pytest.fixture
def training() -> pd.DataFrame:
    return world.wine(400, seed=1)


def test_the_training_set_is_described_with_the_numbers_of_pandas(training, monkeypatch):
    version = world.a_watched_version(frame=training)
    world.a_watched_deployment()
    world.install(monkeypatch, world.a_classifier(training).predict)
    row = build_baseline(version)
    assert (row.rows, row.target, row.task, row.problem) == (400, TARGET, "binary", "")
    assert (row.source, row.is_provisional) == (Baseline.Source.UPLOAD, False)
    report = InitialReport.from_json(row.report)
    for name in INPUTS:
        figures = report.columns[name].measure.descriptors
        assert figures.mean == pytest.approx(training[name].mean())
        assert figures.std == pytest.approx(training[name].std())
        assert figures.q25 == pytest.approx(training[name].quantile(0.25))
    pd.testing.assert_frame_equal(pd.read_parquet(row.file), training)


def test_base_metrics_are_those_of_the_live_model(training, monkeypatch):
    version = world.a_watched_version(frame=training)
    world.a_watched_deployment()
    model = world.a_classifier(training)
    fake = world.install(monkeypatch, model.predict)
    row = build_baseline(version)
    predicted = model.predict(training[INPUTS])
    metrics = row.report["metrics"]
    assert metrics["values"]["accuracy"] == pytest.approx(
        accuracy_score(training[TARGET], predicted)
    )
    assert metrics["confusion"]["counts"] == confusion_matrix(training[TARGET], predicted).tolist()
    record = MetricRecord.objects.get()
    assert (record.kind, record.baseline, record.rows) == ("original", row, 400)
    assert record.metrics == metrics
    assert fake.bodies[0]["dataframe_split"]["data"][0] == training[INPUTS].iloc[0].tolist()


def test_missing_values_reach_the_model_as_nothing_and_dates_as_text(monkeypatch):
    frame = pd.DataFrame(
        {
            "day": pd.to_datetime(["2026-01-01", None], utc=True),
            "size": pd.array([1, None], dtype="Int64"),
            TARGET: [0, 1],
        }
    )
    inputs = [{"name": "day", "type": "datetime"}, {"name": "size", "type": "long"}]
    version = world.a_watched_version(frame=frame, inputs=inputs)
    world.a_watched_deployment()
    fake = world.install(monkeypatch, lambda asked: [0] * len(asked))
    build_baseline(version)
    assert fake.bodies[0]["dataframe_split"]["data"] == [
        ["2026-01-01T00:00:00+00:00", 1],
        [None, None],
    ]


def test_a_large_training_set_is_asked_about_in_parts(training, monkeypatch):
    version = world.a_watched_version(frame=training)
    world.a_watched_deployment()
    monkeypatch.setattr("monitoring.live.ROWS_AT_ONCE", 150)
    monkeypatch.setattr("monitoring.material.ASKED_ROWS", 200)
    fake = world.install(monkeypatch, world.a_classifier(training).predict)
    row = build_baseline(version)
    sizes = [len(body["dataframe_split"]["data"]) for body in fake.bodies]
    assert (sizes, row.rows) == ([150, 50], 400)
    assert row.report["metrics"]["rows"] == 200
    prediction = row.report["prediction"]["measure"]["descriptors"]
    assert (prediction["count"], prediction["missing"]) == (200, 0)


def test_probabilities_become_scores_and_classes(training, monkeypatch):
    version = world.a_watched_version(frame=training)
    world.a_watched_deployment()
    model = world.a_classifier(training)
    world.install(monkeypatch, model.predict_proba)
    row = build_baseline(version)
    scores = model.predict_proba(training[INPUTS])[:, 1]
    values = row.report["metrics"]["values"]
    assert values["roc_auc"] == pytest.approx(roc_auc_score(training[TARGET], scores))
    assert values["accuracy"] == pytest.approx(
        accuracy_score(training[TARGET], model.predict(training[INPUTS]))
    )


def test_without_a_live_model_it_stands_without_metrics_and_is_bettered_later(
    training, monkeypatch
):
    version = world.a_watched_version(frame=training)
    row = usable_baseline(version)
    assert row.report["metrics"] is None and not row.asked_model
    assert "not live" in row.problem
    assert usable_baseline(version) == row, "nothing has changed"
    world.a_watched_deployment()
    world.install(monkeypatch, world.a_classifier(training).predict)
    better = usable_baseline(version)
    assert better.report["metrics"] is not None
    assert Baseline.objects.get() == better and not row.file.exists()
    assert better.problem == ""


def test_a_model_that_refuses_the_rows_is_quoted(training, monkeypatch):
    version = world.a_watched_version(frame=training)
    world.a_watched_deployment()
    world.install(monkeypatch, world.a_classifier(training).predict).refusal = "acid is no number."
    row = build_baseline(version)
    assert row.is_built and row.asked_model
    assert "acid is no number." in row.problem
    assert row.problem in row.report["notes"]


def test_several_columns_besides_the_inputs_leave_the_target_open(training):
    version = world.a_watched_version(frame=training.assign(vineyard="x"))
    row = build_baseline(version)
    assert row.is_built and row.target == ""
    assert "good, vineyard are no inputs" in row.problem
    assert "portal.target" in row.problem


def test_the_tag_of_the_version_decides_on_the_target(training):
    frame = training.assign(vineyard="x")
    version = world.a_watched_version(frame=frame, tags={"portal.target": TARGET})
    row = build_baseline(version)
    assert row.target == TARGET
    assert list(pd.read_parquet(row.file).columns) == [*INPUTS, TARGET]


def test_another_target_tag_makes_the_baseline_stale(training):
    version = world.a_watched_version(frame=training.assign(price=training["acid"] * 3))
    assert usable_baseline(version).target == ""
    version.tags = {"portal.target": "price"}
    version.save()
    row = usable_baseline(version)
    assert (row.target, row.task) == ("price", "regression")


def test_inputs_that_the_data_set_lacks_are_named(training):
    version = world.a_watched_version(frame=training.drop(columns="sugar"))
    row = build_baseline(version)
    assert row.report["inputs"] == ["acid", "alcohol"]
    assert "sugar: in the signature but not in the data set" in row.problem


def test_a_data_set_of_other_columns_is_a_problem_with_a_name(training):
    version = world.a_watched_version(frame=training.add_prefix("old_"))
    row = build_baseline(version)
    assert not row.is_built
    assert "it has old_acid, old_alcohol, old_sugar, old_good" in row.problem
    assert "the model takes acid, alcohol, sugar" in row.problem


def test_without_a_signature_every_column_but_the_target_is_an_input(training):
    version = world.a_watched_version(frame=training, inputs=[], tags={"portal.target": TARGET})
    assert build_baseline(version).report["inputs"] == INPUTS


def test_without_a_training_set_the_first_production_rows_stand_in(training):
    version = world.a_watched_version()
    deployment = world.a_watched_deployment()
    frame = world.wine(PRODUCTION_ROWS + 200, seed=2)
    truths = [int(good) if place % 2 else None for place, good in enumerate(frame[TARGET])]
    world.answered(
        deployment, frame[INPUTS], frame[TARGET].to_numpy(), truths=truths, per_request=50
    )
    row = build_baseline(version)
    first = frame.iloc[:PRODUCTION_ROWS]
    assert (row.rows, row.is_provisional) == (PRODUCTION_ROWS, True)
    assert "There is no training set" in row.problem
    figures = row.report["columns"]["alcohol"]["measure"]["descriptors"]
    assert figures["mean"] == pytest.approx(first["alcohol"].mean())
    assert row.report["metrics"]["rows"] == PRODUCTION_ROWS // 2
    assert row.report["metrics"]["values"]["accuracy"] == 1.0


def test_too_few_production_rows_are_counted_and_waited_for(training):
    version = world.a_watched_version()
    deployment = world.a_watched_deployment()
    frame = world.wine(PRODUCTION_ROWS, seed=2)
    world.answered(deployment, frame[INPUTS][:20], frame[TARGET].to_numpy()[:20])
    row = usable_baseline(version)
    assert not row.is_built
    assert "there are 20 so far" in row.problem and "no training set" in row.problem
    world.answered(deployment, frame[INPUTS][20:], frame[TARGET].to_numpy()[20:], per_request=49)
    assert usable_baseline(version).rows == PRODUCTION_ROWS


def test_columns_of_every_kind_are_described(monkeypatch):
    rows = 120
    random = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "text": [f"remark number {n} {'x' * int(n)}" for n in range(rows)],
            "town": random.choice(["Bern", "Chur"], rows),
            "is_new": random.random(rows) < 0.5,
            "built": pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(range(rows), "D"),
            "same": 5.0,
            "empty": [None] * rows,
            "holes": np.where(random.random(rows) < 0.3, np.nan, random.normal(size=rows)),
            "mixed": [1, "two", None, 4.0] * (rows // 4),
            TARGET: random.choice(["yes", "no"], rows),
        }
    )
    frame["mixed"] = frame["mixed"].map(str, na_action="ignore")
    inputs = [{"name": name, "type": "string"} for name in frame.columns[:-1]]
    version = world.a_watched_version(frame=frame, inputs=inputs)
    world.a_watched_deployment()
    world.install(monkeypatch, lambda asked: ["yes"] * len(asked))
    row = build_baseline(version)
    kinds = {name: one["bins"]["kind"] for name, one in row.report["columns"].items()}
    assert kinds == {
        "text": "text",
        "town": "category",
        "is_new": "boolean",
        "built": "date",
        "same": "integer",
        "empty": "empty",
        "holes": "float",
        "mixed": "category",
        TARGET: "category",
    }
    assert row.report["metrics"]["values"]["accuracy"] == pytest.approx(
        (frame[TARGET] == "yes").mean()
    )


def test_a_baseline_that_a_check_was_made_with_stays(training):
    version = world.a_watched_version(frame=training)
    deployment = world.a_watched_deployment()
    row = build_baseline(version)
    Check.objects.create(
        deployment=deployment, version=version, baseline=row, end=row.created, status="steady"
    )
    world.a_training_set(version, world.wine(50, seed=9))
    newer = build_baseline(version)
    row.refresh_from_db()
    assert (row.is_current, newer.is_current, newer.rows) == (False, True, 50)
    assert row.file.exists() and newer.file.exists()
