"""Evaluations of the live model on labelled data."""

import json

import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, log_loss, mean_absolute_error

from core.errors import InvalidError
from core.models import AuditEntry
from monitoring.errors import ModelNotLive, ModelRefused
from monitoring.labelled import read_labelled
from monitoring.models import MetricRecord
from monitoring.places import labelled_data
from monitoring.services.baselines import build_baseline
from monitoring.services.evaluations import evaluate_file
from tests.monitoring import world
from tests.monitoring.world import INPUTS, TARGET

FRAME = world.wine(80, seed=4)
SPLIT = {"columns": INPUTS, "data": FRAME[INPUTS].to_numpy().tolist()}
TRUTHS = FRAME[TARGET].tolist()


@pytest.fixture
def model():
    return world.a_classifier(world.wine(400, seed=1))


@pytest.fixture
def wine(db):
    world.a_watched_version(frame=world.wine(400, seed=1))
    return world.a_watched_deployment()


def _evaluated(deployment, body):
    path = labelled_data() / "sent.json"
    path.write_text(json.dumps(body))
    return evaluate_file(deployment=deployment, name=path.name, who="olga")


@pytest.mark.parametrize(
    "request_body",
    [
        {"dataframe_split": SPLIT},
        {"dataframe_records": FRAME[INPUTS].to_dict(orient="records")},
        {"instances": FRAME[INPUTS].to_dict(orient="records")},
        {"inputs": FRAME[INPUTS].to_dict(orient="list")},
    ],
    ids=lambda body: next(iter(body)),
)
def test_labelled_data_in_each_form_gives_the_numbers_of_scikit_learn(
    wine, model, monkeypatch, request_body
):
    fake = world.install(monkeypatch, model.predict)
    record = _evaluated(wine, {**request_body, "truths": TRUTHS})
    predicted = model.predict(FRAME[INPUTS])
    values = record.metrics["values"]
    assert values["accuracy"] == pytest.approx(accuracy_score(TRUTHS, predicted))
    assert record.metrics["confusion"]["counts"] == confusion_matrix(TRUTHS, predicted).tolist()
    assert (record.kind, record.rows, record.who) == ("posted", 80, "olga")
    assert fake.bodies == [request_body], "the truths are not shown to the model"
    entry = AuditEntry.objects.get(action="evaluated on labelled data")
    assert entry.after == {"metrics": record.pk, "rows": 80, "by": "olga"}


def test_scores_are_used_where_the_model_gives_them(wine, model, monkeypatch):
    world.install(monkeypatch, model.predict_proba)
    build_baseline(wine_version := world.a_watched_version(frame=world.wine(400, seed=1)))
    assert wine_version.version == "1"
    record = _evaluated(wine, {"dataframe_split": SPLIT, "truths": TRUTHS})
    wanted = log_loss(TRUTHS, model.predict_proba(FRAME[INPUTS])[:, 1])
    assert record.metrics["values"]["log_loss"] == pytest.approx(wanted)


def test_regression_is_told_from_the_values(wine, monkeypatch):
    world.install(monkeypatch, lambda frame: frame["alcohol"] * 2)
    truths = (FRAME["alcohol"] * 2 + 0.5).tolist()
    record = _evaluated(wine, {"dataframe_split": SPLIT, "truths": truths})
    assert record.metrics["task"] == "regression"
    wanted = mean_absolute_error(truths, FRAME["alcohol"] * 2)
    assert record.metrics["values"]["mae"] == pytest.approx(wanted)


def test_missing_truths_are_left_out(wine, model, monkeypatch):
    world.install(monkeypatch, model.predict)
    body = {"dataframe_split": SPLIT, "truths": [None, *TRUTHS[1:]]}
    assert _evaluated(wine, body).rows == 79


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ([1], "The body holds no rows"),
        ({"truths": [1]}, "give exactly one of dataframe_split, dataframe_records"),
        ({"inputs": [1], "instances": [1], "truths": [1]}, "holds instances, inputs"),
        ({"instances": [[1]]}, "truths must be a list"),
        ({"instances": [[1]], "truths": []}, "truths must be a list"),
        ({"instances": [[1], [2]], "truths": [1]}, "There are 1 truths for 2 rows"),
    ],
)
def test_what_is_no_labelled_data_is_refused_with_a_sentence(body, says):
    with pytest.raises(InvalidError, match=says):
        read_labelled(body)


def test_what_the_model_refuses_is_quoted(wine, model, monkeypatch):
    world.install(monkeypatch, model.predict).refusal = "Column 'acid' is missing."
    with pytest.raises(ModelRefused, match="Column 'acid' is missing"):
        _evaluated(wine, {"instances": [[1]], "truths": [1]})
    assert not MetricRecord.objects.exists()


def test_an_answer_without_a_value_per_row_is_refused(wine, monkeypatch):
    world.install(monkeypatch, lambda _: [1, 2, 3])
    body = {"dataframe_split": SPLIT, "truths": TRUTHS}
    with pytest.raises(ModelRefused, match="not one value for each of the 80 rows"):
        _evaluated(wine, body)


def test_the_file_of_a_request_goes_when_it_was_evaluated_or_never_can_be(wine, model, monkeypatch):
    fake = world.install(monkeypatch, model.predict)
    path = labelled_data() / "one.json"
    path.write_text(json.dumps({"dataframe_split": SPLIT, "truths": TRUTHS}))
    fake.down = True
    with pytest.raises(ModelNotLive):
        evaluate_file(deployment=wine, name=path.name, who="olga")
    assert path.exists(), "the next attempt needs it"
    fake.down, fake.refusal = False, "no"
    with pytest.raises(ModelRefused):
        evaluate_file(deployment=wine, name=path.name, who="olga")
    assert not path.exists()
    with pytest.raises(InvalidError, match="gone"):
        evaluate_file(deployment=wine, name=path.name, who="olga")
