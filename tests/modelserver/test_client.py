"""The client against servers that answer late, in any order, never, or with nonsense."""

import asyncio
import contextlib
import gc
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from modelserver.client import GRACE_SECONDS, ModelClient, ModelServerDown, call
from modelserver.frames import NOT_RUN, FrameError, ResponseHeader, read_frame, write_frame

Handler = Callable[[dict[str, Any], bytes, asyncio.StreamWriter], Awaitable[None]]


async def echo(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
    await write_frame(writer, ResponseHeader(id=header["id"], status=200), body)


@contextlib.asynccontextmanager
async def scripted(path: Path, handle: Handler) -> AsyncIterator[list[asyncio.StreamWriter]]:
    """Serve on `path`, each request in a task of its own; yield the writers of connections."""
    writers: list[asyncio.StreamWriter] = []
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(FrameError, OSError):
            while (frame := await read_frame(reader)) is not None:
                tasks.add(asyncio.create_task(handle(*frame, writer)))

    server = await asyncio.start_unix_server(serve, str(path))
    try:
        yield writers
    finally:
        server.close()
        for writer in writers:
            writer.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        path.unlink(missing_ok=True)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.sock"


@pytest.fixture
async def client(path: Path) -> AsyncIterator[ModelClient]:
    client = ModelClient(path)
    yield client
    await client.aclose()


async def test_answers_that_come_in_any_order_reach_their_requests(
    path: Path, client: ModelClient
) -> None:
    async def backwards(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.002 * (50 - int(body)))
        await echo(header, body, writer)

    async with scripted(path, backwards) as writers:
        answers = await asyncio.gather(
            *(client.request("invocations", body=b"%d" % n, timeout=5) for n in range(50))
        )
        assert client.in_flight == 0
        gc.collect()
    assert [int(answer.body) for answer in answers] == list(range(50))
    assert len(writers) == 1


async def test_the_header_carries_what_was_asked_and_the_answer_what_came(
    path: Path, client: ModelClient
) -> None:
    seen = {}

    async def note(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        seen.update(header)
        answer = ResponseHeader(
            id=header["id"],
            status=422,
            content_type="text/plain",
            model_ms=1.5,
            queue_ms=0.5,
            warnings=("w",),
        )
        await write_frame(writer, answer, b"{}")

    async with scripted(path, note):
        answer = await client.request("invocations", content_type="text/csv", timeout=1.5)
    assert (seen["op"], seen["content_type"], seen["timeout_ms"]) == (
        "invocations",
        "text/csv",
        1500,
    )
    assert (answer.status, answer.content_type, answer.json()) == (422, "text/plain", {})
    assert (answer.model_ms, answer.queue_ms, answer.warnings) == (1.5, 0.5, ("w",))


async def test_without_a_server_nothing_was_sent(client: ModelClient) -> None:
    with pytest.raises(ModelServerDown, match="No model server answers at") as down:
        await client.request("ping", timeout=1)
    assert down.value.sent is False


async def test_a_connection_lost_in_flight_may_have_run_and_the_next_request_reconnects(
    path: Path, client: ModelClient
) -> None:
    async def drop(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with scripted(path, drop):
        with pytest.raises(ModelServerDown) as down:
            await client.request("invocations", timeout=5)
    assert down.value.sent is True
    async with scripted(path, echo):
        assert (await client.request("invocations", body=b"again", timeout=5)).body == b"again"


async def test_a_stopping_server_finishes_what_it_has_and_gets_nothing_new(
    path: Path, client: ModelClient
) -> None:
    release = asyncio.Event()

    async def stopping(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        if body == b"first":
            await release.wait()
            await echo(header, body, writer)
        else:
            await write_frame(writer, ResponseHeader(id=header["id"], status=NOT_RUN), b"{}")

    async with scripted(path, stopping):
        first = asyncio.create_task(client.request("invocations", body=b"first", timeout=5))
        await asyncio.sleep(0.01)
        with pytest.raises(ModelServerDown, match="stopping") as down:
            await client.request("invocations", body=b"second", timeout=5)
        assert down.value.sent is False
        path.unlink()
        async with scripted(path, echo) as newer:
            assert (await client.request("invocations", body=b"third", timeout=5)).body == b"third"
            release.set()
            assert (await first).body == b"first"
            assert len(newer) == 1


async def test_a_late_answer_is_a_timeout_and_disturbs_nobody(
    path: Path, client: ModelClient
) -> None:
    async def late(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(float(body))
        await echo(header, body, writer)

    async with scripted(path, late) as writers:
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await client.request("invocations", body=b"0.5", timeout=0.05)
        assert 0.05 + GRACE_SECONDS <= time.monotonic() - began < 0.45
        assert client.in_flight == 0
        assert (await client.request("invocations", body=b"0.3", timeout=5)).body == b"0.3"
        assert len(writers) == 1


async def test_a_cancelled_request_leaves_the_connection_as_it_was(
    path: Path, client: ModelClient
) -> None:
    async def slow(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.02)
        await echo(header, body, writer)

    async with scripted(path, slow) as writers:
        given_up = asyncio.create_task(client.request("invocations", body=b"x" * 10**6, timeout=5))
        await asyncio.sleep(0.005)
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        assert client.in_flight == 0
        assert (await client.request("invocations", body=b"next", timeout=5)).body == b"next"
        assert len(writers) == 1


async def test_a_large_body_goes_and_comes(path: Path, client: ModelClient) -> None:
    body = os.urandom(8 * 1024 * 1024)
    async with scripted(path, echo):
        assert (await client.request("invocations", body=body, timeout=20)).body == body


async def test_a_body_over_the_limit_is_never_sent(path: Path) -> None:
    client = ModelClient(path, max_body=10)
    async with scripted(path, echo):
        with pytest.raises(FrameError, match="over the limit of 10"):
            await client.request("invocations", body=b"x" * 11, timeout=5)
        assert (await client.request("invocations", body=b"x" * 10, timeout=5)).status == 200
        await client.aclose()


async def test_nonsense_from_the_server_ends_every_request_in_flight(
    path: Path, client: ModelClient
) -> None:
    async def nonsense(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        if body == b"bad":
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with scripted(path, nonsense):
        waiting = asyncio.create_task(client.request("invocations", body=b"good", timeout=5))
        await asyncio.sleep(0.01)
        for request in (client.request("invocations", body=b"bad", timeout=5), waiting):
            with pytest.raises(ModelServerDown) as down:
                await request
            assert down.value.sent is True


async def test_closing_the_client_ends_its_requests(path: Path, client: ModelClient) -> None:
    async def never(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async with scripted(path, never):
        waiting = asyncio.create_task(client.request("invocations", timeout=50))
        await asyncio.sleep(0.01)
        await client.aclose()
        with pytest.raises(ModelServerDown) as down:
            await waiting
        assert down.value.sent is True
        with pytest.raises(ModelServerDown, match="closed") as closed:
            await client.request("ping", timeout=1)
        assert closed.value.sent is False


async def test_the_blocking_call_answers_refuses_and_times_out(path: Path) -> None:
    async def by_op(header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter) -> None:
        if header["op"] == "ping":
            await echo(header, body, writer)
        elif header["op"] == "stop":
            await write_frame(writer, ResponseHeader(id=1, status=NOT_RUN), b"{}")
        elif header["op"] == "cut":
            writer.write(b"\x00\x00\x00\x05")
            writer.close()

    def ask(op: str, **options: Any) -> Any:
        return asyncio.to_thread(call, path, op, **options)

    async with scripted(path, by_op):
        assert (await ask("ping", body=b"x" * 300_000)).body == b"x" * 300_000
        with pytest.raises(ModelServerDown, match="stopping") as stopping:
            await ask("stop")
        with pytest.raises(ModelServerDown, match="before its answer was complete") as cut:
            await ask("cut")
        with pytest.raises(TimeoutError, match=r"took over 0\.05 s"):
            await ask("silence", timeout=0.05)
    with pytest.raises(ModelServerDown, match="No model server answers") as gone:
        await ask("ping")
    assert [down.value.sent for down in (stopping, cut, gone)] == [False, True, False]
