"""Turning cron lines into jobs, once for each due time whoever ticks."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.utils import timezone

from core.jobs import kinds
from core.jobs.schedule import Entry, enqueue_due
from core.models import Job
from core.tasks import cleanup
from mlopsportal.schedule import ENTRIES
from tests.conftest import RunJobs
from tests.core.jobs.conftest import Work
from tests.factories import a_job

pytestmark = pytest.mark.django_db


def _hourly(cron: str = "5 * * * *") -> Entry:
    return Entry(kind="tests.work", setting="PORTAL_SCHEDULE_TESTS", cron=cron)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (datetime(2026, 3, 1, 10, 4, 59), datetime(2026, 3, 1, 9, 5)),
        (datetime(2026, 3, 1, 10, 5), datetime(2026, 3, 1, 10, 5)),
        (datetime(2026, 3, 1, 10, 5, 1), datetime(2026, 3, 1, 10, 5)),
        (datetime(2026, 3, 1, 0, 0), datetime(2026, 2, 28, 23, 5)),
    ],
)
def test_the_last_due_time_is_the_newest_that_is_not_in_the_future(
    now: datetime, due: datetime
) -> None:
    assert _hourly().last_due(now.replace(tzinfo=UTC)) == due.replace(tzinfo=UTC)


def test_a_due_time_becomes_one_job_however_often_the_clock_ticks(work: Work) -> None:
    (row,) = enqueue_due([_hourly()])
    assert row.scheduled_for is not None
    assert timezone.now() - timedelta(hours=1) < row.scheduled_for <= timezone.now()
    assert enqueue_due([_hourly()]) == []
    assert Job.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_clocks_that_tick_at_once_write_one_job(work: Work) -> None:
    start = threading.Barrier(4)
    rows: list[Job] = []

    def tick() -> None:
        try:
            start.wait()
            rows.extend(enqueue_due([_hourly()]))
        finally:
            connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == 1
    assert Job.objects.count() == 1


def test_runs_missed_while_nothing_ticked_are_made_up_for_by_one(work: Work) -> None:
    long_ago = timezone.now() - timedelta(days=30)
    a_job(kind="tests.work", scheduled_for=long_ago, status="succeeded")
    assert len(enqueue_due([_hourly()])) == 1


@pytest.mark.parametrize("off", ["off", " OFF "])
def test_off_switches_an_entry_off(work: Work, off: str) -> None:
    assert enqueue_due([_hourly(off)]) == []
    assert not Job.objects.exists()


def test_a_clean_up_does_not_make_the_clock_repeat_a_run(
    work: Work, run_jobs: RunJobs, settings: LazySettings
) -> None:
    """A yearly run is older than what is kept of ended jobs, and still has taken place."""
    settings.KEEP_JOBS = timedelta(days=90)
    long_ago = timezone.now() - timedelta(days=200)
    yearly = _hourly(f"{long_ago.minute} {long_ago.hour} {long_ago.day} {long_ago.month} *")
    due = yearly.last_due(timezone.now())
    a_job(kind="tests.work", scheduled_for=due, status="succeeded", finished=due)
    old = a_job(kind="tests.work", status="succeeded", finished=due)
    open_one = a_job(kind="tests.other", due=timezone.now() + timedelta(days=1))
    a_job(kind="core.cleanup")
    (done,) = run_jobs("core.cleanup")
    assert done.status == "succeeded", done.error
    assert enqueue_due([yearly]) == []
    assert not Job.objects.filter(pk=old.pk).exists()
    assert Job.objects.filter(pk=open_one.pk).exists()
    assert cleanup is not None


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.kind)
def test_every_entry_names_a_kind_that_exists(entry: Entry) -> None:
    assert kinds.kind(entry.kind).title


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.kind)
def test_every_entry_can_be_reckoned(entry: Entry) -> None:
    if entry.is_on:
        assert entry.last_due(timezone.now()) <= timezone.now()
