"""The small client of MLflow's REST API."""

import gc
from pathlib import Path
from typing import Any

import pytest

from core.errors import NotFoundError
from registry.client import MlflowClient
from registry.errors import MlflowUnavailable, UnreadableSource
from tests.registry.mlflow import FakeMlflow, reply


def test_lists_are_read_page_by_page(mlflow: FakeMlflow) -> None:
    mlflow.page_size = 3
    for number in range(7):
        mlflow.add_version(f"model {number}", "1")
    with MlflowClient() as client:
        assert [row["name"] for row in client.registered_models()] == [
            f"model {number}" for number in range(7)
        ]
        assert len(client.model_versions()) == 7
    assert len(mlflow.seen) == 6


def test_the_server_is_asked_under_its_one_name_with_no_credentials(mlflow: FakeMlflow) -> None:
    with MlflowClient() as client:
        assert client.version() == "3.17.0"
    for seen in mlflow.seen:
        assert seen.header("host") == "mlflow.portal"
        assert seen.header("authorization") is None


def test_files_are_found_in_every_folder_and_read_by_any_name(mlflow: FakeMlflow) -> None:
    names = ["MLmodel", "data/dataset.csv", "data/deep/er/x.bin", "Größe & 100 %#?.txt"]
    for name in names:
        mlflow.add_file(f"wine/1/{name}", f"content of {name}")
    mlflow.add_file("wine/10/other", b"")
    uri = "mlflow-artifacts:/wine/1"
    with MlflowClient() as client:
        found = client.files(uri)
        assert sorted(path for path, _ in found) == sorted(names)
        assert dict(found)["MLmodel"] == len("content of MLmodel")
        for name in names:
            assert client.read(uri, name).decode() == f"content of {name}"


@pytest.mark.parametrize(
    "uri",
    ["mlflow-artifacts:/wine/1", "mlflow-artifacts:///wine/1/", "mlflow-artifacts://host:1/wine/1"],
)
def test_an_artifact_uri_may_name_a_host(mlflow: FakeMlflow, uri: str) -> None:
    mlflow.add_file("wine/1/MLmodel", "x")
    with MlflowClient() as client:
        assert client.read(uri, "MLmodel") == b"x"


@pytest.mark.parametrize(
    "uri",
    ["/etc", "file:///etc", "s3://bucket/x", "http://169.254.169.254/x", "runs:/1/model", "", "x"],
)
def test_files_elsewhere_are_neither_read_nor_asked_for(mlflow: FakeMlflow, uri: str) -> None:
    with MlflowClient() as client:
        with pytest.raises(UnreadableSource, match="cannot read") as caught:
            client.files(uri)
        assert caught.value.permanent
        with pytest.raises(UnreadableSource):
            client.read(uri, "passwd")
    assert mlflow.seen == []


def test_a_large_file_comes_in_chunks(mlflow: FakeMlflow) -> None:
    content = bytes(range(256)) * 20_000
    mlflow.add_file("wine/1/big", content)
    with (
        MlflowClient() as client,
        client.stream("mlflow-artifacts:/wine/1", "big") as chunks,
    ):
        parts = list(chunks)
    assert len(parts) > 1
    assert b"".join(parts) == content


def test_a_missing_file_is_not_found(mlflow: FakeMlflow) -> None:
    with MlflowClient() as client:
        with pytest.raises(NotFoundError, match=r"No wine/1/none\."):
            client.read("mlflow-artifacts:/wine/1", "none")
        with (
            pytest.raises(NotFoundError),
            client.stream("mlflow-artifacts:/wine/1", "none") as chunks,
        ):
            list(chunks)


def _refusal_of_nobody(socket: Path) -> MlflowUnavailable:
    with (
        MlflowClient(socket) as client,
        pytest.raises(MlflowUnavailable, match="MLflow does not answer") as caught,
    ):
        client.registered_models()
    return caught.value.with_traceback(None)


# httpcore leaves a Unix socket that could not be connected to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_no_server_is_unavailable_and_can_be_tried_again(tmp_path: Path) -> None:
    refusal = _refusal_of_nobody(tmp_path / "none.sock")
    assert not refusal.permanent
    assert refusal.hint
    refusal.__cause__ = refusal.__context__ = None
    gc.collect()


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, {"message": "It broke."}, "It broke."),
        (502, b"<html>", "MLflow answered 502 to /api/2.0/mlflow/registered-models/search"),
        (200, b"<html>", "something else than JSON"),
        (200, b"[]", "something else than JSON"),
    ],
)
def test_an_odd_answer_is_unavailable_in_a_sentence(
    mlflow: FakeMlflow, status: int, body: Any, words: str
) -> None:
    async def odd(seen: Any, receive: Any, send: Any) -> None:
        await reply(send, status, body)

    mlflow.answer = odd
    with MlflowClient() as client, pytest.raises(MlflowUnavailable, match=words):
        client.registered_models()


def test_an_answer_cut_in_the_middle_is_unavailable(mlflow: FakeMlflow) -> None:
    async def cut(seen: Any, receive: Any, send: Any) -> None:
        head = [(b"content-length", b"100")]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})

    mlflow.answer = cut
    with (
        MlflowClient() as client,
        pytest.raises(MlflowUnavailable),
        client.stream("mlflow-artifacts:/wine/1", "big") as chunks,
    ):
        list(chunks)
