"""A version's files on this node: fetched once, whole or not at all."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection

from core.errors import NotFoundError
from deployments import files
from deployments.errors import ModelStartError
from deployments.files import fetch
from registry.client import MlflowClient
from registry.models import ModelVersion
from tests.factories import a_version
from tests.registry.mlflow import ARTIFACTS, FakeMlflow

pytestmark = pytest.mark.django_db

CONTENT = {
    "MLmodel": b"flavors: {}",
    "data/model.pkl": bytes(range(256)) * 5000,
    "code/Größe & 100 %.py": b"x",
    "empty": b"",
}


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: LazySettings) -> Path:
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def wine(mlflow: FakeMlflow) -> FakeMlflow:
    """Return MLflow with the files of wine version 1."""
    mlflow.add_version("wine", "1")
    for name, content in CONTENT.items():
        mlflow.add_file(f"wine/1/{name}", content)
    return mlflow


def _version() -> ModelVersion:
    return a_version(model="wine", artifact_uri="mlflow-artifacts:/wine/1")


def _quiet(text: str) -> None:
    """Take a line that this test does not look at."""


def _tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def _downloads(mlflow: FakeMlflow) -> int:
    return sum(seen.raw_path.startswith(f"{ARTIFACTS}/") for seen in mlflow.seen)


def test_every_file_is_fetched_as_it_is_and_only_once(wine: FakeMlflow) -> None:
    lines: list[str] = []
    folder = fetch(_version(), log=lines.append)
    assert _tree(folder) == CONTENT
    assert lines == ["Fetching 4 files of the model."]
    asked = len(wine.seen)
    assert fetch(_version(), log=lines.append) == folder
    assert len(wine.seen) == asked
    assert len(lines) == 1


def test_a_download_that_was_cut_off_is_begun_anew(wine: FakeMlflow) -> None:
    whole = wine.files.pop("wine/1/empty")
    plain = wine._respond

    def cut(path: str, asked: dict[str, list[str]]) -> object:
        return (404, {"message": "Gone."}) if path.endswith("pkl") else plain(path, asked)

    wine._respond = cut  # type: ignore[method-assign, assignment]
    with pytest.raises(NotFoundError):
        fetch(_version(), log=_quiet)
    wine._respond = plain  # type: ignore[method-assign]
    wine.files["wine/1/empty"] = whole
    assert _tree(fetch(_version(), log=_quiet)) == CONTENT


def test_a_version_registered_again_has_files_of_its_own(wine: FakeMlflow) -> None:
    first = fetch(_version(), log=_quiet)
    version = a_version(model="wine")
    version.created += timedelta(days=1)
    version.artifact_uri = "mlflow-artifacts:/wine/1"
    wine.files["wine/1/MLmodel"] = b"another"
    second = fetch(version, log=_quiet)
    assert first != second
    assert (first / "MLmodel").read_bytes() == CONTENT["MLmodel"]
    assert (second / "MLmodel").read_bytes() == b"another"


@pytest.mark.parametrize("path", ["../evil", "/etc/evil", "a/../../evil", ".."])
def test_a_name_that_would_lie_outside_is_refused(tmp_path: Path, path: str) -> None:
    with MlflowClient() as client, pytest.raises(ModelStartError, match="holds a file called"):
        files._fetch_file(client, "mlflow-artifacts:/wine/1", path, tmp_path / "files")
    assert not (tmp_path / "evil").exists()


@pytest.mark.django_db(transaction=True)
def test_two_deployments_of_one_version_fetch_it_once(wine: FakeMlflow) -> None:
    version = _version()
    start = threading.Barrier(3)
    found: list[Path] = []

    def bring_up() -> None:
        try:
            start.wait()
            found.append(fetch(version, log=_quiet))
        finally:
            connection.close()

    threads = [threading.Thread(target=bring_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert _tree(found[0]) == CONTENT
    assert _downloads(wine) == len(CONTENT)
