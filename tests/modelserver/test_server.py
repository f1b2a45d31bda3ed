"""Connections, operations and the stop of the server, with a score function of the test."""

import asyncio
import contextlib
import stat
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from modelserver import server as server_module
from modelserver.answers import Answer
from modelserver.client import ModelClient, ModelServerDown
from modelserver.frames import LENGTHS, read_frame
from modelserver.server import ModelServer

released = threading.Event()
"""Lets go what was asked to hold; no test depends on how quick the machine is."""

DESCRIPTION = {"signature": None, "flavors": {"sklearn": "1.9.1"}}


def score(body: bytes, content_type: str) -> Answer:
    """Sleep as long as the body says, or until released, then echo it."""
    if body == b"hold":
        released.wait(30)
    if body.startswith(b"sleep "):
        time.sleep(float(body[6:]))
    if body == b"fault":
        raise RuntimeError("a fault")
    return Answer(status=200, body=body, content_type=content_type, warnings=("w",))


@contextlib.asynccontextmanager
async def running(path: Path, **options: float) -> AsyncIterator[ModelServer]:
    """Run a server on `path` until the block ends, and see it end well."""
    server = ModelServer(score, description=DESCRIPTION, mlflow_version="9.9", **options)
    ready = asyncio.Event()
    run = asyncio.create_task(server.run(path, on_ready=ready.set))
    started = asyncio.create_task(ready.wait())
    await asyncio.wait({run, started}, return_when=asyncio.FIRST_COMPLETED)
    started.cancel()
    try:
        if run.done():
            await run
        yield server
    finally:
        server.stop()
        server.lane.close() if run.done() else await run


@pytest.fixture(autouse=True)
def held() -> Iterator[None]:
    released.clear()
    yield
    released.set()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.sock"


@pytest.fixture
async def server(path: Path) -> AsyncIterator[ModelServer]:
    async with running(path) as server:
        yield server


@pytest.fixture
async def client(path: Path, server: ModelServer) -> AsyncIterator[ModelClient]:
    client = ModelClient(path)
    yield client
    await client.aclose()


async def invoke(client: ModelClient, body: bytes, timeout: float = 5) -> Any:
    return await client.request("invocations", content_type="t/x", body=body, timeout=timeout)


async def test_an_answer_has_body_type_warnings_and_times(client: ModelClient) -> None:
    answer = await invoke(client, b"sleep 0.02")
    assert (answer.status, answer.body, answer.content_type) == (200, b"sleep 0.02", "t/x")
    assert answer.warnings == ("w",)
    assert answer.model_ms >= 20
    assert answer.queue_ms >= 0


async def test_ping_tells_the_state_while_a_prediction_runs(client: ModelClient) -> None:
    requests = [asyncio.create_task(invoke(client, b"hold")) for _ in range(3)]
    while (state := (await client.request("ping", timeout=5)).json())["requests"] < 3:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.01)
    state = (await client.request("ping", timeout=5)).json()
    assert state["busy_ms"] >= 10
    assert (state["queued"], state["requests"]) == (2, 3)
    assert (state["version"], state["stopping"]) == ("9.9", False)
    assert state["rss_bytes"] > 10_000_000
    released.set()
    await asyncio.gather(*requests)
    after = (await client.request("ping", timeout=5)).json()
    assert (after["busy_ms"], after["queued"], after["requests"]) == (0, 0, 3)


async def test_describe_answers_what_was_given(client: ModelClient) -> None:
    assert (await client.request("describe", timeout=5)).json() == DESCRIPTION


async def test_an_unknown_operation_is_refused(client: ModelClient) -> None:
    answer = await client.request("train", timeout=5)
    assert answer.status == 400
    assert "'train'" in answer.json()["message"]


async def test_a_fault_in_one_request_neither_hangs_nor_fails_its_neighbours(
    client: ModelClient,
) -> None:
    bodies = [b"fault" if n % 5 == 0 else b"%d" % n for n in range(50)]
    answers = await asyncio.gather(*(invoke(client, body) for body in bodies))
    for body, answer in zip(bodies, answers, strict=True):
        assert (answer.status, answer.body) == (200, body) or (answer.status, body) == (
            500,
            b"fault",
        )


async def test_a_deadline_that_passes_while_waiting_is_504(client: ModelClient) -> None:
    first = asyncio.create_task(invoke(client, b"hold", timeout=30))
    await asyncio.sleep(0.01)
    answer = await invoke(client, b"late", timeout=0.05)
    assert answer.status == 504
    assert not first.done()
    released.set()
    assert (await first).status == 200


async def test_an_answer_over_the_limit_is_an_error_instead_of_a_lost_connection(
    client: ModelClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "MAX_BODY_BYTES", 100)
    answer = await invoke(client, b"x" * 101)
    assert answer.status == 500
    assert "over the limit" in answer.json()["message"]
    assert (await invoke(client, b"x" * 100)).status == 200


async def test_a_header_without_a_field_is_refused_and_the_connection_goes_on(
    path: Path, server: ModelServer
) -> None:
    reader, writer = await asyncio.open_unix_connection(str(path))
    for header in (b'{"id": 5}', b'{"id": 6, "op": "ping"}'):
        writer.write(LENGTHS.pack(len(header), 0) + header)
    answers = [await read_frame(reader), await read_frame(reader)]
    assert [(a[0]["id"], a[0]["status"]) for a in answers if a] == [(5, 400), (6, 200)]
    writer.close()


async def test_what_is_no_frame_ends_its_own_connection_alone(
    path: Path, client: ModelClient
) -> None:
    slow = asyncio.create_task(invoke(client, b"sleep 0.05"))
    reader, writer = await asyncio.open_unix_connection(str(path))
    writer.write(b"GET / HTTP/1.1\r\nHost: model\r\n\r\n")
    assert await reader.read() == b""
    writer.close()
    assert (await slow).status == 200


async def test_requests_of_a_caller_that_left_are_not_run(
    path: Path, server: ModelServer, client: ModelClient
) -> None:
    leaving = ModelClient(path)
    first = asyncio.create_task(invoke(client, b"sleep 0.1"))
    await asyncio.sleep(0.02)
    left = asyncio.create_task(invoke(leaving, b"sleep 5"))
    await asyncio.sleep(0.02)
    assert server.lane.queued == 1
    await leaving.aclose()
    with pytest.raises(ModelServerDown):
        await left
    await first
    assert server.lane.idle


async def test_the_socket_is_for_its_owner_alone_and_replaces_a_stale_one(path: Path) -> None:
    async with running(path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_ISSOCK(path.stat().st_mode)
        stale = path.with_name("stale")
        stale.hardlink_to(path)
    assert not path.exists()
    stale.rename(path)
    async with running(path):
        client = ModelClient(path)
        assert (await client.request("ping", timeout=5)).status == 200
        await client.aclose()
    assert list(path.parent.iterdir()) == []


async def test_a_path_that_cannot_be_a_socket_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    with pytest.raises(FileExistsError, match="is no socket"):
        async with running(tmp_path / "file"):
            pass
    assert (tmp_path / "file").read_text() == "kept"
    with pytest.raises(OSError, match="too long"):
        async with running(tmp_path / ("x" * 108)):
            pass


async def test_stop_finishes_what_is_in_flight_and_takes_nothing_new(path: Path) -> None:
    async with running(path) as server:
        client = ModelClient(path)
        in_flight = [asyncio.create_task(invoke(client, b"hold")) for _ in range(2)]
        while (await client.request("ping", timeout=5)).json()["requests"] < 2:
            await asyncio.sleep(0.01)
        assert (await client.request("stop", timeout=5)).status == 200
        with pytest.raises(ModelServerDown, match="stopping") as refused:
            await invoke(client, b"new")
        assert refused.value.sent is False
        released.set()
        assert [answer.status for answer in await asyncio.gather(*in_flight)] == [200] * 2
        assert server.lane.idle
        assert not path.exists()
        with pytest.raises(ModelServerDown, match="No model server"):
            await client.request("ping", timeout=5)
        await client.aclose()


async def test_stop_cuts_off_what_takes_too_long(path: Path) -> None:
    client = ModelClient(path)
    async with running(path, drain_seconds=0.05):
        hanging = asyncio.create_task(invoke(client, b"hold"))
        await asyncio.sleep(0.02)
    with pytest.raises(ModelServerDown) as down:
        await hanging
    assert down.value.sent is True
    await client.aclose()


async def test_stop_leaves_the_socket_of_a_newer_server_alone(path: Path) -> None:
    async with contextlib.AsyncExitStack() as older:
        await older.enter_async_context(running(path))
        async with running(path):
            await older.aclose()
            client = ModelClient(path)
            assert (await invoke(client, b"newer")).body == b"newer"
            await client.aclose()
    assert not path.exists()
