"""Reading MLflow's registry into our rows."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from core.models import Revision
from registry.client import MlflowClient
from registry.errors import MlflowUnavailable
from registry.models import ModelVersion, RegisteredModel, RegistryState, UploadedDataset
from registry.services import nudge, sync
from tests.registry.mlflow import CREATED, FakeMlflow

pytestmark = pytest.mark.django_db

MLMODEL = """
mlflow_version: 3.17.0
model_uuid: m-1
flavors:
  python_function: {loader_module: mlflow.sklearn, env: conda.yaml}
  sklearn: {}
signature:
  inputs: '[{"name": "pH", "type": "double", "required": true},
            {"name": "Säure", "type": "double", "required": false}]'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "int64", "shape": [-1]}}]'
"""


def _wine(mlflow: FakeMlflow, version: str = "1", **fields: Any) -> None:
    mlflow.add_version("wine", version, **fields)
    mlflow.add_file(f"wine/{version}/MLmodel", MLMODEL)
    mlflow.add_file(f"wine/{version}/requirements.txt", "scikit-learn==1.8.0\n")
    mlflow.add_file(f"wine/{version}/python_env.yaml", "python: 3.11.2\n")


def _version(version: str = "1", model: str = "wine") -> ModelVersion:
    return ModelVersion.objects.get(model__name=model, version=version)


def test_models_and_versions_become_rows_with_what_files_and_run_say(mlflow: FakeMlflow) -> None:
    _wine(mlflow, run_id="r1", tags=[{"key": "portal.target", "value": "quality"}])
    mlflow.models[0] |= {
        "description": "Good or bad.",
        "tags": [{"key": "team", "value": "ü"}],
        "aliases": [{"alias": "champion", "version": 1}],
    }
    mlflow.runs["r1"] = {
        "info": {"artifact_uri": "mlflow-artifacts:/runs/r1"},
        "data": {
            "metrics": [{"key": "f1", "value": 0.8}, {"key": "odd", "value": "NaN"}],
            "params": [{"key": "depth", "value": 5}],
        },
    }
    mlflow.logged_models["m-wine"] = {"data": {"metrics": [{"key": "auc", "value": 0.9}]}}

    assert sync() == 2

    model = RegisteredModel.objects.get()
    assert (model.name, model.description, model.tags) == ("wine", "Good or bad.", {"team": "ü"})
    assert model.aliases == {"champion": "1"}
    row = _version()
    assert row.created == datetime.fromtimestamp(CREATED / 1000, tz=UTC)
    assert row.tags == {"portal.target": "quality"}
    assert row.aliases == ["champion"]
    assert row.artifact_uri == "mlflow-artifacts:/wine/1"
    assert row.requirements == "scikit-learn==1.8.0\n"
    assert row.inputs == [
        {"name": "pH", "type": "double", "required": True},
        {"name": "Säure", "type": "double", "required": False},
    ]
    assert row.outputs == [{"name": "input-0", "type": "tensor int64 [-1]", "required": True}]
    assert row.details is not None
    assert row.details["python_version"] == "3.11.2"
    assert row.details["flavors"] == ["python_function", "sklearn"]
    assert row.details["loader_modules"] == ["mlflow.sklearn"]
    assert row.size == sum(map(len, mlflow.files.values()))
    assert row.metrics == {"f1": 0.8, "auc": 0.9}
    assert row.params == {"depth": "5"}
    assert row.problem == ""
    state = RegistryState.load()
    assert (state.problem, state.server_version) == ("", "3.17.0")
    assert state.last_read is not None


def test_what_did_not_change_is_left_alone_and_changes_are_counted(mlflow: FakeMlflow) -> None:
    _wine(mlflow)
    sync()
    before = Revision.current("registry")
    assert sync() == 0
    assert Revision.current("registry") == before
    mlflow.models[0]["aliases"] = [{"alias": "champion", "version": "1"}]
    assert sync() == 1
    assert Revision.current("registry") > before


def test_a_version_that_is_gone_is_marked_and_comes_back(mlflow: FakeMlflow) -> None:
    _wine(mlflow)
    _wine(mlflow, "2")
    sync()
    gone = mlflow.versions.pop()
    assert sync() == 1
    assert _version("2").gone is not None
    assert _version("1").gone is None
    mlflow.versions.append(gone)
    assert sync() == 1
    assert _version("2").gone is None
    mlflow.versions.clear()
    mlflow.models.clear()
    assert sync() == 3
    assert RegisteredModel.objects.get().gone is not None


def test_a_version_registered_again_under_its_name_is_another_one(mlflow: FakeMlflow) -> None:
    """Nothing known of the old one holds for it, its uploaded training set least of all."""
    _wine(mlflow, run_id="r1")
    mlflow.runs["r1"] = {"data": {"metrics": [{"key": "f1", "value": 0.8}]}}
    sync()
    old = _version()
    UploadedDataset.objects.create(version=old, file_name="d.csv", path="/x", rows=1)
    mlflow.versions.clear()
    sync()
    mlflow.files.clear()
    _wine(mlflow, created=CREATED + 60_000)
    mlflow.add_file("wine/1/requirements.txt", "xgboost==3.0\n")
    sync()
    new = _version()
    assert new.created > old.created
    assert new.requirements == "xgboost==3.0\n"
    assert new.metrics == {}
    assert not UploadedDataset.objects.exists()


def test_while_mlflow_is_down_everything_stays_and_the_state_says_so(mlflow: FakeMlflow) -> None:
    _wine(mlflow)
    sync()
    read = RegistryState.load().last_read

    async def down(seen: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    mlflow.answer = down
    assert sync() == 0
    state = RegistryState.load()
    assert "MLflow answered 500" in state.problem
    assert state.last_read == read
    assert _version().gone is None
    mlflow.answer = None
    sync()
    assert RegistryState.load().problem == ""


def test_a_version_that_cannot_be_read_says_why_and_the_others_are_read(
    mlflow: FakeMlflow,
) -> None:
    mlflow.add_version("broken", "1")
    mlflow.add_version("elsewhere", "1")
    mlflow.uris["elsewhere", "1"] = "s3://bucket/x"
    mlflow.add_version("odd", "1")
    mlflow.add_file("odd/1/MLmodel", "{: not yaml")
    _wine(mlflow)
    sync()
    assert "no MLmodel file" in _version(model="broken").problem
    assert "s3://bucket/x, which the portal cannot read" in _version(model="elsewhere").problem
    assert "cannot be read" in _version(model="odd").problem
    assert _version().problem == ""
    assert _version(model="broken").details is None


def test_a_young_version_is_read_again_for_its_run_may_still_log(mlflow: FakeMlflow) -> None:
    now = int(timezone.now().timestamp() * 1000)
    _wine(mlflow, run_id="r1", created=now)
    mlflow.runs["r1"] = {"data": {}}
    sync()
    mlflow.runs["r1"]["data"] = {"metrics": [{"key": "f1", "value": 0.8}]}
    sync()
    assert _version().metrics == {}, "not with every look"
    ModelVersion.objects.update(read=timezone.now() - timedelta(minutes=1))
    sync()
    assert _version().metrics == {"f1": 0.8}


def test_an_old_version_is_read_once(mlflow: FakeMlflow) -> None:
    _wine(mlflow)
    sync()
    ModelVersion.objects.update(read=timezone.now() - timedelta(days=1))
    asked = len(mlflow.seen)
    sync()
    assert len(mlflow.seen) - asked == 3, "models, versions, the server's own version"


def test_a_version_that_is_not_ready_yet_is_not_offered(mlflow: FakeMlflow) -> None:
    _wine(mlflow, status="PENDING_REGISTRATION")
    sync()
    assert not ModelVersion.objects.exists()


def test_names_of_any_letters_are_kept(mlflow: FakeMlflow) -> None:
    for name in ("Wein für Ä", "a-b.c d", "100 %", "a?b#c&d=e", "日本"):
        mlflow.add_version(name, "1")
        mlflow.add_file(f"{name}/1/MLmodel", MLMODEL)
    sync()
    assert not ModelVersion.objects.exclude(problem="").exists()
    assert ModelVersion.objects.filter(details__isnull=False).count() == 5


def test_what_was_read_before_another_look_is_not_written_over_it(mlflow: FakeMlflow) -> None:
    """A slow look that began before a registration must not mark the new version as gone."""
    _wine(mlflow)
    RegistryState.load()

    class Slow(MlflowClient):
        """Holds what was true before somebody else read the registry."""

        looks = 0

        def model_versions(self) -> list[dict[str, Any]]:
            found = super().model_versions()
            self.looks += 1
            if self.looks == 1:
                _wine(mlflow, "2")
                sync()
            return found

    client = Slow()
    sync(client)
    assert client.looks == 2
    assert set(ModelVersion.objects.values_list("version", "gone")) == {("1", None), ("2", None)}


@pytest.mark.django_db(transaction=True)
def test_looks_at_once_do_not_trip_over_each_other(mlflow: FakeMlflow) -> None:
    for number in range(5):
        _wine(mlflow, str(number))
    faults: list[BaseException] = []
    start = threading.Barrier(3)

    def look() -> None:
        try:
            start.wait()
            sync()
        except Exception as error:  # noqa: BLE001  (whatever it is, the test must see it)
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert ModelVersion.objects.filter(gone__isnull=True).count() == 5


def test_a_nudge_that_no_broker_takes_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*_: object, **__: object) -> None:
        raise OSError("no broker")

    monkeypatch.setattr(current_app, "send_task", down)
    nudge()


def test_an_outage_in_the_middle_leaves_what_was_not_read_for_the_next_time(
    mlflow: FakeMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    _wine(mlflow, "1")
    _wine(mlflow, "2")
    real, asked = MlflowClient.download_uri, []

    def once(client: MlflowClient, *names: str) -> str:
        asked.append(names)
        if len(asked) > 1:
            raise MlflowUnavailable("The MLflow tracking server does not answer.")
        return real(client, *names)

    monkeypatch.setattr(MlflowClient, "download_uri", once)
    sync()
    assert "does not answer" in RegistryState.load().problem
    assert ModelVersion.objects.filter(read__isnull=True, problem="").count() == 1
    monkeypatch.setattr(MlflowClient, "download_uri", real)
    sync()
    assert not ModelVersion.objects.filter(read__isnull=True).exists()
    assert RegistryState.load().problem == ""
