"""The server of one model: connections, requests in any number, one lane to the model.

The loop answers `ping` and `describe` itself, also while a prediction runs. A request that fails
answers for itself alone. Stopping takes no new request, finishes those in flight and removes the
socket.
"""

import asyncio
import contextlib
import json
import logging
import os
import resource
import socket
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from modelserver.answers import BAD_REQUEST, INTERNAL, STOPPING, Answer, Refusal
from modelserver.frames import (
    DESCRIBE,
    INVOCATIONS,
    MAX_BODY_BYTES,
    PING,
    STOP,
    FrameError,
    RequestHeader,
    ResponseHeader,
    read_frame,
    write_frame,
)
from modelserver.lane import Lane, Score, Scored

logger = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 60.0
"""How long requests in flight may take after the stop, unless the start said otherwise."""

BACKLOG: Final = 128
MAX_SOCKET_PATH: Final = 107
"""Bytes of a Unix socket's path on Linux (sun_path without its closing zero)."""

_READ_AHEAD: Final = 1024 * 1024


class ModelServer:
    """Serves one model on a Unix socket; belongs to the running event loop.

    `score` runs in the lane's thread; `description` is what `describe` answers. A stop waits
    `drain_seconds` at most for the requests in flight.
    """

    def __init__(
        self,
        score: Score,
        *,
        description: dict[str, Any],
        mlflow_version: str,
        drain_seconds: float = DRAIN_SECONDS,
    ) -> None:
        self.lane = Lane(score)
        self._drain_seconds = drain_seconds
        self._description = json.dumps(description).encode()
        self._mlflow_version = mlflow_version
        self._stopping = asyncio.Event()
        self._requests = 0
        # asyncio itself holds tasks weakly: one that nobody holds can vanish with its request.
        self._answering: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def stop(self) -> None:
        """Ask `run` to end."""
        self._stopping.set()

    async def run(self, path: Path, *, on_ready: Callable[[], None]) -> None:
        """Serve on the socket `path` until `stop`, then finish what is in flight.

        The socket has mode 0600 and takes the place of one that is there; `on_ready` is called
        when it listens. Ends at once after `stop` when nothing is in flight, and `drain_seconds`
        after it at the latest. Raises OSError when there can be no socket at `path`.
        """
        listening = _bind(path)
        ours = path.stat()
        listener = await asyncio.start_unix_server(self._serve, sock=listening, limit=_READ_AHEAD)
        on_ready()
        await self._stopping.wait()
        listener.close()
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(path.stat(), ours):  # or a newer server has taken the path over
                path.unlink()
        await self._drain()

    async def _drain(self) -> None:
        if self._answering:
            await asyncio.wait(self._answering, timeout=self._drain_seconds)
        if self._answering:
            logger.warning("%d requests were cut off by the stop.", len(self._answering))
        self.lane.close()
        for writer in tuple(self._writers):
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        mine: set[asyncio.Task[None]] = set()
        try:
            while (frame := await read_frame(reader)) is not None:
                task = asyncio.create_task(self._answer(*frame, writer))
                for tasks in (mine, self._answering):
                    tasks.add(task)
                    task.add_done_callback(tasks.discard)
        except (FrameError, OSError) as error:
            logger.warning("A connection was given up: %s", error)
        finally:
            for task in mine:
                task.cancel()  # nobody is left to read the answer
            self._writers.discard(writer)
            writer.close()

    async def _answer(
        self, header: dict[str, Any], body: bytes, writer: asyncio.StreamWriter
    ) -> None:
        try:
            request = RequestHeader.parse(header)
        except FrameError as error:
            identity = header.get("id")
            request = RequestHeader(id=identity if isinstance(identity, int) else 0, op="")
            scored = _unscored(Refusal(str(error)).answer())
        else:
            scored = await self._ask(request, body)
        answer = scored.answer
        if len(answer.body) > MAX_BODY_BYTES:
            answer = Refusal(
                f"The answer of {len(answer.body)} bytes is over the limit of {MAX_BODY_BYTES}.",
                hint="Send fewer rows at once.",
                status=INTERNAL,
            ).answer()
        response = ResponseHeader(
            id=request.id,
            status=answer.status,
            content_type=answer.content_type,
            model_ms=round(scored.model_ms, 3),
            queue_ms=round(scored.queue_ms, 3),
            warnings=answer.warnings,
        )
        with contextlib.suppress(OSError):  # the caller has gone: `_serve` ends the connection
            await write_frame(writer, response, answer.body)

    async def _ask(self, request: RequestHeader, body: bytes) -> Scored:
        try:
            if request.op == INVOCATIONS:
                return await self._invoke(request, body)
            return _unscored(self._tell(request.op))
        except Refusal as refusal:
            return _unscored(refusal.answer())

    async def _invoke(self, request: RequestHeader, body: bytes) -> Scored:
        if self._stopping.is_set():
            raise Refusal(
                "The model server is stopping.", hint="Try again in a second.", status=STOPPING
            )
        self._requests += 1
        timeout = request.timeout_ms / 1000 if request.timeout_ms > 0 else None
        return await self.lane.submit(body, request.content_type, timeout=timeout)

    def _tell(self, op: str) -> Answer:
        if op == PING:
            return Answer(status=200, body=json.dumps(self._state()).encode())
        if op == DESCRIBE:
            return Answer(status=200, body=self._description)
        if op == STOP:
            self.stop()
            return Answer(status=200, body=b"{}")
        raise Refusal(f"The operation '{op:.60}' is not known.", status=BAD_REQUEST)

    def _state(self) -> dict[str, Any]:
        return {
            "busy_ms": round(self.lane.busy_ms, 1),
            "queued": self.lane.queued,
            "requests": self._requests,
            "version": self._mlflow_version,
            "rss_bytes": _rss_bytes(),
            "stopping": self._stopping.is_set(),
        }


def _unscored(answer: Answer) -> Scored:
    return Scored(answer=answer, queue_ms=0.0, model_ms=0.0)


def _bind(path: Path) -> socket.socket:
    temporary = path.with_name(f"{path.name}~")
    if len(os.fsencode(temporary)) > MAX_SOCKET_PATH:
        raise OSError(
            f"The socket's path {path} is too long: Linux allows {MAX_SOCKET_PATH - 1} bytes here. "
            "Choose a shorter data folder."
        )
    if path.exists() and not path.is_socket():
        raise FileExistsError(f"{path} is there already and is no socket. Choose another path.")
    temporary.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(temporary))
    except OSError as error:
        raise OSError(f"No socket can be made at {path}: {error.strerror}.") from error
    temporary.chmod(stat.S_IRUSR | stat.S_IWUSR)
    listening.listen(BACKLOG)
    # Renamed only when it listens: whoever sees the path can connect.
    temporary.replace(path)
    return listening


def _rss_bytes() -> int:
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # a sandbox without /proc: the peak, in kB
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
