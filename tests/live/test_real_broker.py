"""Jobs through real workers: both brokers, workers that are killed, a broker that forgets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.live_servers import RedisServer
from tests.live.workers import Workers

pytestmark = pytest.mark.live


@pytest.fixture(params=["files and SQLite", "Redis and PostgreSQL"])
def workers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workers]:
    """The two set-ups that the portal is made for, with nothing started yet."""
    if request.param == "files and SQLite":
        made = Workers(tmp_path / "data")
    else:
        made = Workers(
            tmp_path / "data",
            database_url=request.getfixturevalue("postgres_url"),
            broker_url=request.getfixturevalue("redis_url"),
        )
    yield made
    made.end()


def test_a_message_alone_is_enough_to_run_a_job(workers: Workers) -> None:
    workers.start("worker1")
    (job,) = workers.enqueue("tests.slow")

    # Without a clock nothing sweeps: if it runs, the message came through.
    workers.wait_for(lambda: workers.job(job).status == "succeeded", seconds=30)

    assert workers.job(job).attempts == 1
    assert workers.attempts_begun(job) == 1


def test_jobs_of_a_killed_worker_run_again_or_fail_with_a_reason(workers: Workers) -> None:
    workers.start("worker1", "worker2", "clock")
    (again,) = workers.enqueue("tests.slow", seconds=300)
    (once,) = workers.enqueue("tests.slow_once", seconds=300)
    workers.wait_for(
        lambda: workers.attempts_begun(again) == workers.attempts_begun(once) == 1, seconds=40
    )

    for name in ("worker1", "worker2"):
        workers.kill(name)
        workers.start(name)

    workers.wait_for(lambda: workers.job(again).status == "succeeded", seconds=60)
    workers.wait_for(lambda: workers.job(once).status == "failed", seconds=60)
    assert workers.job(again).attempts == workers.attempts_begun(again) == 2
    assert workers.attempts_begun(once) == 1
    assert "ended in the middle" in workers.job(once).error


def test_a_broker_that_stops_and_forgets_everything_loses_no_job(
    tmp_path: Path, postgres_url: str, redis: RedisServer
) -> None:
    workers = Workers(tmp_path / "data", database_url=postgres_url, broker_url=redis.url)
    try:
        before = workers.enqueue("tests.slow", count=4)
        assert redis.ask("FLUSHALL") == "+OK"
        workers.start("worker1", "worker2", "clock")
        workers.wait_for(lambda: workers.statuses(before)["succeeded"] == 4, seconds=60)

        redis.stop()
        during = workers.enqueue("tests.slow", count=4)
        assert workers.statuses(during) == {"queued": 4}
        redis.start()

        # Worker and clock must find their way back unaided.
        workers.wait_for(lambda: workers.statuses(during)["succeeded"] == 4, seconds=60)
        assert [workers.attempts_begun(job) for job in before + during] == [1] * 8
    finally:
        workers.end()


def test_the_clock_does_not_wait_for_workers_that_are_busy(workers: Workers) -> None:
    workers.start("worker1", "worker2", "clock")
    busy = workers.enqueue("tests.slow_once", count=2, seconds=300)
    workers.wait_for(lambda: all(workers.attempts_begun(job) for job in busy), seconds=40)

    workers.kill("worker1")

    # Its job is settled by the sweep, while the one worker that is left is busy.
    workers.wait_for(lambda: workers.statuses(busy) == {"failed": 1, "running": 1}, seconds=30)


def test_a_worker_that_is_told_to_stop_ends_the_job_in_hand_first(workers: Workers) -> None:
    workers.start("worker1")
    (job,) = workers.enqueue("tests.slow", seconds=3)
    workers.wait_for(lambda: workers.attempts_begun(job) == 1, seconds=40)
    assert workers.stop("worker1") == 0
    assert workers.job(job).status == "succeeded"
