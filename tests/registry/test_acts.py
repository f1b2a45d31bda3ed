"""What is done in MLflow and belongs in the audit, and what is data."""

from typing import Any

import pytest

from registry.acts import MlflowAct, act_of, is_act

API = "/api/2.0/mlflow/"

ACTS = [
    ("POST", "registered-models/create", {"name": "wine"}, "created", "model:wine"),
    ("DELETE", "registered-models/delete", {"name": "wine"}, "deleted", "model:wine"),
    ("PATCH", "registered-models/update", {"name": "wine"}, "changed", "model:wine"),
    ("POST", "registered-models/rename", {"name": "wine"}, "renamed", "model:wine"),
    ("POST", "registered-models/alias", {"name": "wine"}, "set an alias of", "model:wine"),
    ("DELETE", "registered-models/alias", {"name": "wine"}, "removed an alias of", "model:wine"),
    ("POST", "registered-models/set-tag", {"name": "wine"}, "tagged", "model:wine"),
    (
        "POST",
        "model-versions/create",
        {"name": "wine"},
        "registered a version of",
        "model:wine",
    ),
    ("DELETE", "model-versions/delete", {"name": "w", "version": "3"}, "deleted", "model:w/3"),
    (
        "POST",
        "model-versions/transition-stage",
        {"name": "w", "version": 3},
        "moved to another stage",
        "model:w/3",
    ),
    ("POST", "experiments/create", {"name": "x"}, "created", "experiment:x"),
    ("POST", "experiments/delete", {"experimentId": "7"}, "deleted", "experiment:7"),
    ("POST", "experiments/restore", {"experiment_id": "7"}, "restored", "experiment:7"),
    ("POST", "runs/delete", {"run_id": "0a"}, "deleted", "run:0a"),
    ("POST", "traces/delete-traces", {"experiment_id": "7"}, "deleted", "traces of experiment:7"),
    ("DELETE", "logged-models/m-1", {}, "deleted", "logged-models:m-1"),
    ("POST", "webhooks", {"name": "slack"}, "created", "webhook:slack"),
    ("PATCH", "webhooks/5", {}, "changed", "webhook:5"),
    ("DELETE", "webhooks/5", {}, "deleted", "webhook:5"),
]


@pytest.mark.parametrize(("method", "path", "message", "action", "subject"), ACTS)
@pytest.mark.parametrize("api", [API, "/ajax-api/2.0/mlflow/"])
def test_what_is_made_changed_and_deleted_is_an_act(
    api: str, method: str, path: str, message: dict[str, Any], action: str, subject: str
) -> None:
    assert is_act(method, api + path)
    act = act_of(method, api + path, message)
    assert (act.action, act.object) == (action, subject)
    assert act.after["route"] == f"{method} {path}"


def test_the_deletion_of_an_artifact_is_an_act() -> None:
    path = "/api/2.0/mlflow-artifacts/artifacts/1/models/m-1"
    assert is_act("DELETE", path)
    assert act_of("DELETE", path, {}) == MlflowAct(
        "deleted", "artifact:1/models/m-1", {"route": "DELETE mlflow-artifacts"}
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", f"{API}runs/create"),
        ("POST", f"{API}runs/log-batch"),
        ("POST", f"{API}runs/log-metric"),
        ("POST", f"{API}runs/delete-tag"),
        ("POST", f"{API}logged-models"),
        ("PATCH", f"{API}logged-models/m-1/tags"),
        ("DELETE", f"{API}logged-models/m-1/tags/who"),
        ("POST", "/api/3.0/mlflow/traces"),
        ("DELETE", "/api/3.0/mlflow/traces/tr-1/tags"),
        ("DELETE", "/api/3.0/mlflow/traces/tr-1/assessments/a-1"),
        ("PUT", "/api/2.0/mlflow-artifacts/artifacts/registered-models/create"),
        ("POST", "/api/2.0/mlflow-artifacts/mpu/create/registered-models/create"),
        ("POST", "/v1/traces"),
    ],
)
def test_data_is_no_act(method: str, path: str) -> None:
    assert not is_act(method, path)


def test_an_act_tells_what_was_set_and_cuts_what_is_long() -> None:
    message = {"name": "wine", "alias": "champion", "version": "3", "description": "x" * 9999}
    act = act_of("POST", f"{API}registered-models/alias", message)
    assert act.after == {
        "route": "POST registered-models/alias",
        "alias": "champion",
        "version": "3",
    }
    act = act_of("POST", f"{API}registered-models/set-tag", {"name": "wine", "key": "k" * 999})
    assert len(act.after["key"]) == 200


@pytest.mark.parametrize("message", [{}, [], "text", None, {"name": ["x"]}, {"name": {}}])
def test_a_body_that_is_no_message_of_mlflows_makes_an_act_all_the_same(message: Any) -> None:
    assert act_of("POST", f"{API}registered-models/create", message).action == "created"
