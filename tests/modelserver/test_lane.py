"""One prediction at a time, in order, with deadlines that are kept while it runs."""

import asyncio
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from modelserver import lane as lane_module
from modelserver.answers import Answer, Refusal
from modelserver.lane import Lane


class Model:
    """A score function that the test lets through one request at a time."""

    def __init__(self) -> None:
        self.ran: list[bytes] = []
        self.together = 0
        self.most_together = 0
        self.gate = threading.Semaphore(0)

    def score(self, body: bytes, content_type: str) -> Answer:
        self.together += 1
        self.most_together = max(self.most_together, self.together)
        self.ran.append(body)
        self.gate.acquire(timeout=10)
        self.together -= 1
        if body == b"raise":
            raise RuntimeError("a fault of ours")
        if body == b"exit":
            sys.exit(1)
        return Answer(status=200, body=body + content_type.encode())


@pytest.fixture
def model() -> Model:
    return Model()


@pytest.fixture
async def lane(model: Model) -> AsyncIterator[Lane]:
    lane = Lane(model.score)
    yield lane
    model.gate.release(1000)
    lane.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def test_requests_run_one_at_a_time_in_the_order_they_came(lane: Lane, model: Model) -> None:
    futures = [lane.submit(b"%d" % n, "/t") for n in range(20)]
    model.gate.release(20)
    scored = await asyncio.gather(*futures)
    assert [one.answer.body for one in scored] == [b"%d/t" % n for n in range(20)]
    assert model.ran == [b"%d" % n for n in range(20)]
    assert model.most_together == 1
    assert lane.idle


async def test_a_request_whose_deadline_passes_in_the_queue_never_runs(
    lane: Lane, model: Model
) -> None:
    first = lane.submit(b"first", "")
    await until(lambda: model.ran == [b"first"])
    late = lane.submit(b"late", "", timeout=0.03)
    third = lane.submit(b"third", "")
    scored = await late
    error = json.loads(scored.answer.body)
    assert (scored.answer.status, error["error_code"]) == (504, "DEADLINE_EXCEEDED")
    assert "busy until the deadline of 0.03 s" in error["message"]
    assert 30 <= scored.queue_ms < 1000
    assert scored.model_ms == 0
    assert lane.queued == 1
    model.gate.release(2)
    await asyncio.gather(first, third)
    assert model.ran == [b"first", b"third"]


async def test_a_request_that_runs_past_its_deadline_is_answered_while_it_still_runs(
    lane: Lane, model: Model
) -> None:
    scored = await lane.submit(b"slow", "", timeout=0.03)
    assert scored.answer.status == 504
    assert "ran past the deadline" in json.loads(scored.answer.body)["message"]
    assert 25 <= scored.model_ms < 1000
    assert lane.busy_ms >= 25
    assert not lane.idle
    second = lane.submit(b"second", "")
    model.gate.release(2)
    assert (await second).answer.body == b"second"
    assert lane.busy_ms == 0


async def test_a_cancelled_request_is_taken_out_of_the_queue(lane: Lane, model: Model) -> None:
    first = lane.submit(b"first", "")
    await until(lambda: model.ran == [b"first"])
    given_up = lane.submit(b"given up", "", timeout=5)
    given_up.cancel()
    await asyncio.sleep(0)
    assert lane.queued == 0
    model.gate.release(2)
    await first
    assert (await lane.submit(b"next", "")).answer.body == b"next"
    assert model.ran == [b"first", b"next"]


@pytest.mark.parametrize("fault", [b"raise", b"exit"])
async def test_an_error_of_ours_fails_its_own_request_alone(
    lane: Lane, model: Model, fault: bytes
) -> None:
    futures = [lane.submit(body, "") for body in (b"before", fault, b"after")]
    model.gate.release(3)
    before, broken, after = await asyncio.gather(*futures)
    assert [one.answer.status for one in (before, broken, after)] == [200, 500, 200]
    assert b"a fault of ours" not in broken.answer.body


async def test_too_many_requests_or_bytes_are_refused_and_room_comes_back(
    lane: Lane, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_module, "MAX_WAITING", 3)
    monkeypatch.setattr(lane_module, "MAX_WAITING_BYTES", 100)
    first = lane.submit(b"first", "")
    await until(lambda: model.ran == [b"first"])
    waiting = [lane.submit(b"x" * 40, "") for _ in range(2)]
    with pytest.raises(Refusal, match="2 requests wait") as bytes_refused:
        lane.submit(b"x" * 21, "")
    waiting.append(lane.submit(b"x", ""))
    with pytest.raises(Refusal, match="3 requests wait"):
        lane.submit(b"", "")
    assert bytes_refused.value.status == 429
    model.gate.release(5)
    await asyncio.gather(first, *waiting)
    assert (await lane.submit(b"x" * 100, "")).answer.status == 200


async def test_waiting_and_running_are_timed_apart(lane: Lane, model: Model) -> None:
    first = lane.submit(b"first", "")
    second = lane.submit(b"second", "")
    await asyncio.sleep(0.03)
    model.gate.release(1)
    await first
    await asyncio.sleep(0.02)
    model.gate.release(1)
    scored = await second
    assert scored.queue_ms >= 25
    assert 15 <= scored.model_ms < scored.queue_ms + 1000
