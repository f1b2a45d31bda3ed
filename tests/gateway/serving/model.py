"""A model server of the tests: real frames on a real socket, and it does what it is told."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from modelserver.frames import RequestHeader, ResponseHeader, read_frame, write_frame


@dataclass
class ModelAnswer:
    """What the model says to one request."""

    status: int = 200
    body: bytes = b'{"predictions": [1]}'
    content_type: str = "application/json"
    warnings: tuple[str, ...] = ()


Behave = Callable[[RequestHeader, bytes], Awaitable[ModelAnswer | None]]


@dataclass
class FakeModel:
    """Answers by `behave`; None from it drops the connection, as a process that is killed does."""

    behave: Behave
    seen: list[tuple[RequestHeader, bytes]] = field(default_factory=list)
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while (frame := await read_frame(reader)) is not None:
                header, body = RequestHeader.parse(frame[0]), frame[1]
                self.seen.append((header, body))
                task = asyncio.create_task(self._answer(header, body, writer))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        writer.close()

    async def _answer(
        self, header: RequestHeader, body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        answer = await self.behave(header, body)
        if answer is None:
            writer.transport.abort()
            return
        head = ResponseHeader(
            id=header.id,
            status=answer.status,
            content_type=answer.content_type,
            model_ms=3.5,
            warnings=answer.warnings,
        )
        with contextlib.suppress(ConnectionError):
            await write_frame(writer, head, answer.body)

    @contextlib.asynccontextmanager
    async def listening(self, socket: Path) -> AsyncIterator[None]:
        """Listen at `socket` within the block; then close every connection."""
        server = await asyncio.start_unix_server(self._connected, socket)
        try:
            yield
        finally:
            server.close()
            for task in [*self._tasks]:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            socket.unlink(missing_ok=True)


async def counts_rows(header: RequestHeader, body: bytes) -> ModelAnswer:
    """Answer a 1 for each row of a `dataframe_split`."""
    rows = json.loads(body)["dataframe_split"]["data"]
    return ModelAnswer(body=json.dumps({"predictions": [1] * len(rows)}).encode())
