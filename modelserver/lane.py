"""The lane to the model: one prediction at a time in one thread, first come first served.

Python code that predicts in several threads competes for one interpreter lock: throughput falls
two- to fourfold. So requests wait here instead, where their deadlines are kept without running
them.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from modelserver.answers import DEADLINE, INTERNAL, TOO_MANY, Answer, Refusal

logger = logging.getLogger(__name__)

Score = Callable[[bytes, str], Answer]

MAX_WAITING: Final = 1024
MAX_WAITING_BYTES: Final = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Scored:
    """An answer with the time its request waited and the time it had the model, in ms."""

    answer: Answer
    queue_ms: float
    model_ms: float


@dataclass(eq=False, slots=True)
class _Waiting:
    body: bytes
    content_type: str
    arrived: float
    future: "asyncio.Future[Scored]"
    started: float | None = None


class Lane:
    """Queue and thread of one model; belongs to the running event loop.

    `score` turns a body and its content type into an answer; it runs in the lane's thread.
    """

    def __init__(self, score: Score) -> None:
        self._score = score
        self._waiting: deque[_Waiting] = deque()
        self._waiting_bytes = 0
        self._arrival = asyncio.Event()
        self._running: _Waiting | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")
        self._task = asyncio.create_task(self._run(), name="lane")

    @property
    def queued(self) -> int:
        """How many requests wait; the one that runs is not among them."""
        return len(self._waiting)

    @property
    def busy_ms(self) -> float:
        """How long the current prediction has been running, 0 when there is none.

        It goes on counting when the request's deadline has passed: a thread cannot be stopped.
        """
        running = self._running
        if running is None or running.started is None:
            return 0.0
        return (time.monotonic() - running.started) * 1000

    @property
    def idle(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return self._running is None and not self._waiting

    def submit(
        self, body: bytes, content_type: str, *, timeout: float | None = None
    ) -> "asyncio.Future[Scored]":
        """Queue one request; its future never raises and is answered 504 after `timeout` seconds.

        Cancelling the future takes a request that waits out of the queue. Raises Refusal (429)
        when too many requests or bytes wait already.
        """
        if self.queued >= MAX_WAITING or self._waiting_bytes + len(body) > MAX_WAITING_BYTES:
            raise Refusal(
                f"{self.queued} requests wait for this model already.",
                hint="Send fewer at once, or try again in a second.",
                status=TOO_MANY,
            )
        loop = asyncio.get_running_loop()
        waiting = _Waiting(body, content_type, time.monotonic(), loop.create_future())
        if timeout is not None:
            timer = loop.call_later(timeout, self._expire, waiting, timeout)
            waiting.future.add_done_callback(lambda _: timer.cancel())
        waiting.future.add_done_callback(lambda _: self._leave(waiting))
        self._waiting.append(waiting)
        self._waiting_bytes += len(body)
        self._arrival.set()
        return waiting.future

    def close(self) -> None:
        """Stop taking requests from the queue; a prediction that runs is left to its thread."""
        self._task.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _run(self) -> None:
        while True:
            await self._arrival.wait()
            while self._waiting:
                await self._run_one(self._waiting.popleft())
            self._arrival.clear()

    async def _run_one(self, current: _Waiting) -> None:
        self._waiting_bytes -= len(current.body)
        current.started = started = time.monotonic()
        self._running = current
        try:
            answer = await asyncio.get_running_loop().run_in_executor(
                self._thread, self._guarded, current.body, current.content_type
            )
        finally:
            self._running = None
        if not current.future.done():
            ended = time.monotonic()
            current.future.set_result(
                Scored(answer, (started - current.arrived) * 1000, (ended - started) * 1000)
            )

    def _guarded(self, body: bytes, content_type: str) -> Answer:
        try:
            return self._score(body, content_type)
        # The edge of the model's thread: whatever escapes would end the lane for everybody.
        except BaseException:
            logger.exception("A request ended in an error of the model server itself.")
            return Refusal(
                "The model server could not answer because of an error of its own.",
                hint="The deployment's log has the details.",
                status=INTERNAL,
            ).answer()

    def _expire(self, waiting: _Waiting, timeout: float) -> None:
        if waiting.future.done():
            return
        now = time.monotonic()
        started = waiting.started
        refusal = Refusal(
            f"The model was busy until the deadline of {timeout:g} s had passed."
            if started is None
            else f"The model ran past the deadline of {timeout:g} s.",
            hint="Send fewer rows or fewer requests at once, or allow more time.",
            status=DEADLINE,
        )
        waiting.future.set_result(
            Scored(
                refusal.answer(),
                ((started or now) - waiting.arrived) * 1000,
                (now - started) * 1000 if started is not None else 0.0,
            )
        )

    def _leave(self, waiting: _Waiting) -> None:
        if waiting.started is None and waiting in self._waiting:
            self._waiting.remove(waiting)
            self._waiting_bytes -= len(waiting.body)
