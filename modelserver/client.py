"""The portal's side of a model server: a client for asyncio and a blocking call for probes.

Needs Python 3.11 and the standard library alone.
"""

import asyncio
import contextlib
import itertools
import json
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from modelserver.frames import (
    LENGTHS,
    MAX_BODY_BYTES,
    NOT_RUN,
    FrameError,
    RequestHeader,
    ResponseHeader,
    decode_header,
    decode_lengths,
    encode_head,
    read_frame,
    write_frame,
)

GRACE_SECONDS: Final = 0.25
"""How long past the deadline the server's own 504 is waited for before the client gives up."""

_READ_AHEAD: Final = 1024 * 1024


class ModelServerDown(Exception):
    """The model server does not answer.

    `sent` is False when the server certainly did not run the request (it could not be reached or
    refused because it is stopping), so that it may be sent elsewhere; True when it may have run.
    """

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Response:
    """One answer of a model server; the times are as in `ResponseHeader`."""

    status: int
    content_type: str
    body: bytes
    model_ms: float
    queue_ms: float
    warnings: tuple[str, ...]

    def json(self) -> Any:
        """Return the body decoded as JSON."""
        return json.loads(self.body)


class ModelClient:
    """Requests to one model server over one persistent connection, many in flight.

    Connects when first needed and again after the connection was lost. Belongs to the event loop
    that first uses it.
    """

    def __init__(self, socket_path: str | Path, *, max_body: int = MAX_BODY_BYTES) -> None:
        self.socket_path = str(socket_path)
        self._max_body = max_body
        self._ids = itertools.count(1)
        self._connecting = asyncio.Lock()
        self._current: _Connection | None = None
        # A connection that takes no more requests stays here until its last answer is in.
        self._connections: set[_Connection] = set()
        self._closed = False

    @property
    def in_flight(self) -> int:
        """How many requests wait for their answer."""
        return sum(connection.in_flight for connection in self._connections)

    async def request(
        self, op: str, *, content_type: str = "", body: bytes = b"", timeout: float
    ) -> Response:
        """Send one request and return its answer; `timeout` in seconds covers everything.

        Raises ModelServerDown when there is no server or the connection is lost, TimeoutError when
        not even the server's own 504 came in time, FrameError when the body is over the limit.
        """
        header = RequestHeader(
            id=next(self._ids), op=op, content_type=content_type, timeout_ms=round(timeout * 1000)
        )
        async with asyncio.timeout(timeout + GRACE_SECONDS):
            connection = self._current
            if connection is None or not connection.usable:
                connection = await self._connect()
            return await connection.request(header, body)

    async def aclose(self) -> None:
        """Close every connection; requests in flight end with ModelServerDown."""
        self._closed = True
        await asyncio.gather(*(connection.aclose() for connection in tuple(self._connections)))

    async def _connect(self) -> "_Connection":
        async with self._connecting:
            if self._current is not None and self._current.usable:
                return self._current
            if self._closed:
                raise ModelServerDown("This client of a model server is closed.", sent=False)
            try:
                reader, writer = await asyncio.open_unix_connection(
                    self.socket_path, limit=_READ_AHEAD
                )
            except OSError as error:
                raise _unreachable(self.socket_path, error) from error
            self._current = connection = _Connection(reader, writer, max_body=self._max_body)
            self._connections.add(connection)
            connection.reading.add_done_callback(lambda _: self._connections.discard(connection))
            return connection


class _Connection:
    """One connection with the futures of its requests and the task that reads their answers."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, max_body: int
    ) -> None:
        self._retired = False
        self._reader = reader
        self._writer = writer
        self._max_body = max_body
        self._pending: dict[int, asyncio.Future[Response]] = {}
        self.reading = asyncio.create_task(self._read(), name="model server answers")

    @property
    def usable(self) -> bool:
        """Whether a request may be written; a lost transport is known here before its reader."""
        return not self._retired and not self._writer.is_closing()

    @property
    def in_flight(self) -> int:
        """How many requests on this connection wait for their answer."""
        return len(self._pending)

    async def request(self, header: RequestHeader, body: bytes) -> Response:
        future: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._pending[header.id] = future
        try:
            await write_frame(self._writer, header, body, max_body=self._max_body)
            return await future
        except OSError as error:
            raise ModelServerDown(
                f"The connection to the model server was lost: {error}.", sent=True
            ) from error
        finally:
            self._pending.pop(header.id, None)
            if future.done() and not future.cancelled():
                future.exception()  # or asyncio logs it as never retrieved

    async def aclose(self) -> None:
        self.reading.cancel()
        await asyncio.gather(self.reading, return_exceptions=True)
        self._drop("This client of a model server was closed.")
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _read(self) -> None:
        reason = "The model server closed the connection."
        try:
            while (frame := await read_frame(self._reader, max_body=self._max_body)) is not None:
                self._deliver(ResponseHeader.parse(frame[0]), frame[1])
        except (OSError, FrameError) as error:
            reason = f"The connection to the model server was lost: {error}"
        finally:
            self._drop(reason)

    def _drop(self, reason: str) -> None:
        self._writer.close()
        for future in self._pending.values():
            if not future.done():
                future.set_exception(ModelServerDown(reason, sent=True))

    def _deliver(self, header: ResponseHeader, body: bytes) -> None:
        if header.status == NOT_RUN:
            self._retired = True
        future = self._pending.get(header.id)
        if future is None or future.done():
            return  # its caller has given up
        if header.status == NOT_RUN:
            future.set_exception(ModelServerDown("The model server is stopping.", sent=False))
        else:
            future.set_result(_response(header, body))


def call(
    socket_path: str | Path,
    op: str,
    *,
    content_type: str = "",
    body: bytes = b"",
    timeout: float = 5.0,
) -> Response:
    """Ask one thing over a connection of its own and block until the answer, at most `timeout` s.

    Raises ModelServerDown when there is no server, it is stopping or the connection is lost,
    TimeoutError when the answer is late, FrameError when what came is no frame.
    """
    header = RequestHeader(id=1, op=op, content_type=content_type, timeout_ms=round(timeout * 1000))
    head = encode_head(header, len(body))
    deadline = time.monotonic() + timeout
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        try:
            connection.connect(str(socket_path))
        except OSError as error:
            raise _unreachable(str(socket_path), error) from error
        try:
            connection.sendall(head + body)
            header_bytes, body_bytes = decode_lengths(_receive(connection, LENGTHS.size, deadline))
            answered = decode_header(_receive(connection, header_bytes, deadline))
            answer_body = _receive(connection, body_bytes, deadline)
        except TimeoutError:
            late = f"The model server at {socket_path} took over {timeout:g} s."
            raise TimeoutError(late) from None
        except OSError as error:
            raise ModelServerDown(
                f"The connection to the model server was lost: {error}.", sent=True
            ) from error
    response = _response(ResponseHeader.parse(answered), answer_body)
    if response.status == NOT_RUN:
        raise ModelServerDown("The model server is stopping.", sent=False)
    return response


def _receive(connection: socket.socket, count: int, deadline: float) -> bytes:
    received = bytearray(count)
    view = memoryview(received)
    at = 0
    while at < count:
        connection.settimeout(max(deadline - time.monotonic(), 0.001))
        got = connection.recv_into(view[at:])
        if not got:
            raise ConnectionResetError("it closed before its answer was complete")
        at += got
    return bytes(received)


def _response(header: ResponseHeader, body: bytes) -> Response:
    return Response(
        status=header.status,
        content_type=header.content_type,
        body=body,
        model_ms=header.model_ms,
        queue_ms=header.queue_ms,
        warnings=header.warnings,
    )


def _unreachable(socket_path: str, error: OSError) -> ModelServerDown:
    reason = error.strerror or str(error)
    return ModelServerDown(f"No model server answers at {socket_path}: {reason}.", sent=False)
