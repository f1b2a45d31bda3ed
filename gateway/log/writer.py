"""The writer of the prediction log: an append returns once its record is on disk.

    append ─┐
    append ─┼─► queue ─► one thread: one writev, one fdatasync for all that wait ─► answers
    append ─┘

There is no timer: the first append wakes the thread, and what arrives during its sync makes the
next batch. Alone, a record costs one sync; together, records share one (group commit).

When the disk refuses, every record that waits fails with `LogUnavailable`, and so does at once
every append of the next half second; then a fresh segment is tried, again and again. So a full
disk is answered by 503 without queueing, and the log is back by itself once there is space.
"""

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import threading
import time
import weakref
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.log.appender import Appender
from gateway.log.errors import LogUnavailable
from gateway.log.files import Files
from gateway.log.segments import MAX_PAYLOAD

logger = logging.getLogger(__name__)

_MIB = 1 << 20
_HINT = "Free space on that disk or repair it; the log tries again by itself."
_CLOSED = "Send the request to a process that is not shutting down."


@dataclass(slots=True)
class LogStats:
    """Counts since the writer began, and how it is now.

    `accepted` records were queued and became `written` or `failed`, or are still `waiting`;
    `refused` ones never got into the queue. `bytes` counts what is on disk, frames included.
    """

    accepted: int = 0
    written: int = 0
    failed: int = 0
    refused: int = 0
    bytes: int = 0
    syncs: int = 0
    waiting: int = 0
    oldest_waiting_seconds: float = 0.0


@dataclass(slots=True)
class _Waiter:
    payload: bytes
    future: asyncio.Future[None] | concurrent.futures.Future[None]
    since: float


class LogWriter:
    """Appends records durably, from any number of event loops and threads of this process.

    `queue_limit` bounds the bytes that wait (one record always may); beyond it appends are refused.
    The constructor does not raise when the disk refuses: `problem` says so and appends fail until
    it recovers.
    """

    def __init__(
        self,
        root: Path,
        *,
        segment_bytes: int = 64 * _MIB,
        queue_limit: int = 64 * _MIB,
        retry_seconds: float = 0.5,
        files: Files | None = None,
    ) -> None:
        self._root = root
        self._queue_limit = queue_limit
        self._retry_seconds = retry_seconds
        self._appender = Appender(root, segment_bytes=segment_bytes, files=files or Files())
        self._pid = os.getpid()
        self._changed = threading.Condition()  # guards everything below
        self._queue: list[_Waiter] = []
        self._queued_bytes = 0
        self._batch: list[_Waiter] = []
        self._stats = LogStats()
        self._problem: str | None = None
        self._retry_at = 0.0
        self._closing = False
        try:
            self._appender.open()
        except OSError as error:
            self._give_up(error)
        self._thread = threading.Thread(target=self._run, name="prediction-log", daemon=True)
        self._thread.start()
        _writers.add(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def slot(self) -> int | None:
        """The slot this writer holds; None while the disk refuses."""
        return self._appender.slot

    @property
    def problem(self) -> str | None:
        """Why the log cannot be written now, in a sentence; None while all is well."""
        return self._problem

    def stats(self) -> LogStats:
        """The counters as they are now."""
        with self._changed:
            waiting = self._batch or self._queue
            return replace(
                self._stats,
                waiting=len(self._batch) + len(self._queue),
                oldest_waiting_seconds=time.monotonic() - waiting[0].since if waiting else 0.0,
            )

    async def append(self, payload: bytes) -> None:
        """Return once `payload` (1 byte to 1 GiB) is on disk; LogUnavailable if that is not known.

        A cancelled append may still be written.
        """
        future = asyncio.get_running_loop().create_future()
        self._enqueue(_Waiter(payload, future, time.monotonic()))
        await future

    def append_sync(self, payload: bytes) -> None:
        """As `append`, for threads: blocks until `payload` is on disk."""
        future: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._enqueue(_Waiter(payload, future, time.monotonic()))
        future.result()

    def close(self) -> None:
        """Write what waits, then give back files and slot; later appends are refused."""
        self._refuse_other_process()
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join()
        self._appender.close()

    def _enqueue(self, waiter: _Waiter) -> None:
        self._refuse_other_process()
        size = len(waiter.payload)
        if not 0 < size <= MAX_PAYLOAD:
            raise ValueError(f"A log record of {size} bytes cannot be kept: give 1 to 2^30 bytes.")
        with self._changed:
            refusal = self._refusal(size, waiter.since)
            if refusal:
                self._stats.refused += 1
                raise refusal
            self._stats.accepted += 1
            self._queue.append(waiter)
            self._queued_bytes += size
            if len(self._queue) == 1:
                self._changed.notify()

    def _refusal(self, size: int, now: float) -> LogUnavailable | None:
        if self._closing:
            return LogUnavailable(f"The prediction log at {self._root} is closed.", hint=_CLOSED)
        if self._problem and now < self._retry_at:
            return LogUnavailable(self._problem, hint=_HINT)
        if self._queue and self._queued_bytes + size > self._queue_limit:
            return LogUnavailable(
                f"The prediction log at {self._root} is {self._queued_bytes} bytes behind.",
                hint="Try again in a second; if this lasts, the disk is too slow for the load.",
            )
        return None

    def _refuse_other_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError(
                f"The prediction log at {self._root} was opened by process {self._pid} and cannot "
                f"be used in its fork {os.getpid()}. Open another LogWriter after the fork."
            )

    def _run(self) -> None:
        while self._write_batch():
            pass

    def _write_batch(self) -> bool:
        """Take what waits, bring it to disk, tell the callers; False once closed and empty."""
        batch = self._take()
        if batch:
            _settle(batch, self._commit(batch))
        elif not self._closing:
            self._reopen()
        return bool(batch) or not self._closing

    def _take(self) -> list[_Waiter]:
        """What waits, as soon as something does; nothing if closed, or if it is time to reopen."""
        with self._changed:
            while not self._queue and not self._closing:
                if self._problem is None:
                    self._changed.wait()
                elif not self._changed.wait(max(0.0, self._retry_at - time.monotonic())):
                    break
            self._batch, self._queue = self._queue, []
            self._queued_bytes = 0
            return self._batch

    def _commit(self, batch: list[_Waiter]) -> str | None:
        """Bring the batch to disk; the problem that prevented it, if any."""
        if self._problem and time.monotonic() < self._retry_at:
            return self._count_failed(batch, self._problem)
        try:
            written = self._appender.append([waiter.payload for waiter in batch])
        except Exception as error:  # noqa: BLE001  (the thread's edge: nobody may wait for ever)
            return self._count_failed(batch, self._give_up(error))
        with self._changed:
            self._batch = []
            self._stats.written += len(batch)
            self._stats.bytes += written
            self._stats.syncs += 1
        self._recover()
        return None

    def _reopen(self) -> None:
        """Try a fresh segment without a record: a probe that sends no traffic while there is a
        `problem` would otherwise never see it end.
        """
        try:
            self._appender.open()
        except OSError as error:
            self._give_up(error)
        else:
            self._recover()

    def _recover(self) -> None:
        if self._problem:
            logger.warning("The prediction log writes again, to %s.", self._appender.path)
            self._problem = None

    def _count_failed(self, batch: list[_Waiter], problem: str) -> str:
        with self._changed:
            self._batch = []
            self._stats.failed += len(batch)
        return problem

    def _give_up(self, error: Exception) -> str:
        path, cause = self._appender.path, repr(error)
        if isinstance(error, OSError):
            path, cause = error.filename or path, error.strerror or cause
        problem = f"The prediction log cannot be written at {path}: {cause}."
        if self._problem is None:
            bug = None if isinstance(error, OSError) else error
            logger.error("%s %s", problem, _HINT, exc_info=bug)
        self._appender.abandon()
        with self._changed:
            self._problem = problem
            self._retry_at = time.monotonic() + self._retry_seconds
        return problem


def _settle(batch: list[_Waiter], problem: str | None) -> None:
    """Tell every caller of the batch, waking each event loop once."""
    by_loop = defaultdict(list)
    for waiter in batch:
        if isinstance(waiter.future, concurrent.futures.Future):
            _resolve([waiter.future], problem)
        else:
            by_loop[waiter.future.get_loop()].append(waiter.future)
    for loop, futures in by_loop.items():
        # A loop that was closed meanwhile has nobody left who waits.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_resolve, futures, problem)


def _resolve(
    futures: Sequence[asyncio.Future[None] | concurrent.futures.Future[None]],
    problem: str | None,
) -> None:
    for future in futures:
        if future.done():  # its caller went away
            continue
        if problem is None:
            future.set_result(None)
        else:
            future.set_exception(LogUnavailable(problem, hint=_HINT))


_writers: weakref.WeakSet[LogWriter] = weakref.WeakSet()


def _forget_writers() -> None:
    for writer in _writers:
        writer._appender.forget()


os.register_at_fork(after_in_child=_forget_writers)
