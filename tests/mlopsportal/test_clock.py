"""The clock: every duty in its time, whatever the others do or raise."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone

from core.jobs.schedule import Entry
from core.models import Job
from mlopsportal import clock
from mlopsportal.clock import DUTIES, Duty
from registry.models import RegistryState
from tests.factories import a_job

PATIENCE = 10.0
NEVER = timedelta(hours=1)

Start = Callable[..., None]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return `start(*duties)`: a clock in a thread, which ends with the test."""
    stopping = threading.Event()
    threads = []

    def begin(*duties: Duty) -> None:
        threads.append(threading.Thread(target=clock.run, args=[duties, stopping]))
        threads[-1].start()

    yield begin
    stopping.set()
    for thread in threads:
        thread.join()


class Done:
    """An act that counts, and sees that it is done often enough."""

    def __init__(self, *, times: int = 1) -> None:
        self._left = times
        self.often_enough = threading.Event()

    def __call__(self) -> bool:
        self._left -= 1
        if self._left <= 0:
            self.often_enough.set()
        return True


def test_a_duty_is_done_at_the_start_and_again(start: Start) -> None:
    once, often = Done(), Done(times=3)
    start(Duty("once", NEVER, once), Duty("often", timedelta(milliseconds=1), often))
    assert once.often_enough.wait(PATIENCE)
    assert often.often_enough.wait(PATIENCE)


def test_a_duty_that_hangs_keeps_no_other_waiting(start: Start) -> None:
    hangs, other = threading.Event(), Done(times=3)
    start(
        Duty("hangs", NEVER, lambda: hangs.wait(PATIENCE * 2)),
        Duty("other", timedelta(milliseconds=1), other),
    )
    assert other.often_enough.wait(PATIENCE)
    hangs.set()


@pytest.mark.parametrize("fault", [OperationalError("gone"), KeyError("a fault of ours"), None])
def test_what_was_not_done_is_tried_again_soon(
    fault: Exception | None,
    start: Start,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Soon, although its period is an hour, and whatever the reason was."""
    monkeypatch.setattr(clock, "SOON", 0.001)
    tries = Done(times=3)

    def fails() -> bool:
        tries()
        if fault is not None:
            raise fault
        return False

    start(Duty("trying", NEVER, fails))
    assert tries.often_enough.wait(PATIENCE)
    assert ("The clock's trying failed" in caplog.text) == (fault is not None)


def test_a_clock_that_is_told_to_stop_does_not_wait_for_what_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "_LAST_WORDS", 0.01)
    hangs, stopping = threading.Event(), threading.Event()
    stopping.set()
    clock.run([Duty("hangs", NEVER, lambda: hangs.wait(PATIENCE))], stopping)
    assert not hangs.is_set()
    hangs.set()


@pytest.mark.django_db
def test_a_tick_brings_forward_what_was_left_and_writes_what_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    entry = Entry(kind="core.cleanup", setting="PORTAL_SCHEDULE_CLEANUP", cron="17 3 * * *")
    monkeypatch.setattr(clock, "ENTRIES", [entry])
    left = a_job(status=Job.Status.RUNNING, lease_until=timezone.now() - timedelta(minutes=1))
    assert clock.tick()
    assert clock.tick(), "a second clock finds the work done"
    left.refresh_from_db()
    assert left.status == "queued"
    scheduled = Job.objects.get(kind="core.cleanup")
    assert scheduled.scheduled_for == entry.last_due(datetime.now(tz=UTC))


@pytest.mark.django_db
@pytest.mark.parametrize("problem", ["", "MLflow does not answer."])
def test_a_registry_that_could_not_be_read_is_not_done(
    problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def sync() -> int:
        RegistryState.objects.update_or_create(pk=1, defaults={"problem": problem})
        return 0

    monkeypatch.setattr(clock.registry, "sync", sync)
    assert clock.read_registry() is (problem == "")


def test_jobs_the_registry_and_baselines_are_looked_after() -> None:
    acts = {duty.act for duty in DUTIES}
    assert acts == {clock.tick, clock.read_registry, clock.look_for_baselines}
