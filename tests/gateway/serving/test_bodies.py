"""Bodies that come slowly, never end or are too many, sent on raw sockets to a real uvicorn."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
import uvicorn
from django.conf import LazySettings

from gateway.serving import bodies
from tests.gateway.serving.conftest import BODY, Desk

pytestmark = pytest.mark.django_db(transaction=True)


class Caller:
    """One connection to the portal, on which a request is sent as a test likes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send some bytes."""
        self._writer.write(data)
        await self._writer.drain()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body of the next answer."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await self._reader.readexactly(int(headers["content-length"]))
        return int(head[0].split()[1]), headers, body

    async def is_closed(self) -> bool:
        """Wait for the portal to close the connection."""
        try:
            return await self._reader.read(1) == b""
        except ConnectionError:
            return True

    async def close(self) -> None:
        """Go away."""
        self._writer.close()


class Port:
    """The desk's gateway, listening."""

    def __init__(self, desk: Desk, address: tuple[str, int]) -> None:
        self.desk = desk
        self._address = address
        self._callers: list[Caller] = []

    async def caller(self) -> Caller:
        """Return a new connection."""
        caller = Caller(*await asyncio.open_connection(*self._address))
        self._callers.append(caller)
        return caller

    async def half(self, sent: bytes = BODY[:1], *, length: int = len(BODY)) -> Caller:
        """Return a connection on which a request began that is not whole."""
        caller = await self.caller()
        await caller.send(self.head(length) + sent)
        return caller

    def head(self, length: int, *, token: str = "") -> bytes:
        """Return the head of a request with a body of so many bytes."""
        return (
            "POST /models/wine/invocations HTTP/1.1\r\nhost: portal\r\n"
            f"authorization: Bearer {token or self.desk.token}\r\n"
            f"content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        ).encode()

    async def close(self) -> None:
        """Let every connection end."""
        for caller in self._callers:
            await caller.close()


@pytest_asyncio.fixture
async def port(desk: Desk) -> AsyncIterator[Port]:
    """Return the gateway behind the server that the portal runs on."""
    config = uvicorn.Config(
        desk.gateway, http="httptools", lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        port = Port(desk, listener.getsockname())
        yield port
        await port.close()
        server.should_exit = True
        await serving


async def _held(desk: Desk, expected: int) -> None:
    """Wait until the gateway holds so many bytes of bodies."""
    async with asyncio.timeout(5):
        while desk.gateway._memory.held != expected:
            await asyncio.sleep(0.01)


async def test_a_body_that_comes_a_byte_at_a_time_is_408_in_time_and_the_connection_ends(
    port: Port, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.BODY_TIMEOUT = timedelta(seconds=0.2)
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 0.2)
    caller = await port.half()

    async def trickle() -> None:
        while True:
            await asyncio.sleep(0.02)
            await caller.send(b" ")

    trickling = asyncio.create_task(trickle())
    async with asyncio.timeout(5):
        status, headers, body = await caller.answer()
        assert await caller.is_closed()
    trickling.cancel()
    await asyncio.gather(trickling, return_exceptions=True)
    assert (status, headers["connection"]) == (408, "close")
    refusal = json.loads(body)
    assert refusal["error_code"] == "REQUEST_TIMEOUT"
    assert refusal["message"].startswith("The body was not complete after 0.2 seconds; ")
    assert "PORTAL_BODY_TIMEOUT" in refusal["hint"]
    assert (port.desk.logged, port.desk.model.seen) == ([], [])
    await _held(port.desk, 0)


async def test_slow_senders_take_no_place_from_others(port: Port, settings: LazySettings) -> None:
    settings.MAX_IN_FLIGHT = 2
    slow = [await port.half() for _ in range(20)]
    await _held(port.desk, 20)
    other = await port.half(BODY)
    assert (await other.answer())[0] == 200
    for caller in slow[:2]:
        await caller.send(BODY[1:])
        assert (await caller.answer())[0] == 200
    await _held(port.desk, 18)


async def test_what_callers_announce_counts_only_once_it_is_here(
    port: Port, settings: LazySettings
) -> None:
    settings.BODY_MEMORY = settings.MAX_BODY
    for _ in range(5):
        await port.half(length=settings.MAX_BODY)
    await _held(port.desk, 5)
    assert (await (await port.half(BODY)).answer())[0] == 200


async def test_beyond_the_memory_for_bodies_is_429_until_they_are_gone(
    port: Port, settings: LazySettings
) -> None:
    settings.BODY_MEMORY = 1024
    large = await port.half(bytes(1500), length=2000)
    await _held(port.desk, 1500)
    refused = await port.half(BODY)
    status, headers, body = await refused.answer()
    assert (status, headers["retry-after"]) == (429, "1")
    assert json.loads(body)["error_code"] == "RESOURCE_EXHAUSTED"
    assert "1024 bytes" in json.loads(body)["message"]
    await large.close()
    await _held(port.desk, 0)
    await refused.send(port.head(len(BODY)) + BODY)
    assert (await refused.answer())[0] == 200, "a whole request that was refused keeps its line"


async def test_who_is_refused_before_his_body_reads_why_and_the_connection_ends(
    port: Port,
) -> None:
    caller = await port.caller()
    await caller.send(port.head(4_000_000, token="none"))
    for _ in range(4):
        await caller.send(bytes(1_000_000))
    async with asyncio.timeout(5):
        status, headers, _ = await caller.answer()
        assert (status, headers["connection"]) == (401, "close")
        assert await caller.is_closed()


async def test_a_client_that_leaves_in_its_body_gives_back_its_memory(port: Port) -> None:
    caller = await port.half(BODY[:30])
    await _held(port.desk, 30)
    await caller.close()
    await _held(port.desk, 0)


async def test_requests_follow_each_other_on_one_connection(port: Port) -> None:
    caller = await port.caller()
    for cut in (1, 40, len(BODY)):
        await caller.send(port.head(len(BODY)) + BODY[:cut])
        await asyncio.sleep(0)
        await caller.send(BODY[cut:])
        assert (await caller.answer())[0] == 200
    assert [record.body for record in port.desk.logged] == [BODY] * 3
    await _held(port.desk, 0)
