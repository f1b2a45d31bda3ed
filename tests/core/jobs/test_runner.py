"""Running one job: every way to end, retries, leases, and runs that lost their job."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection
from django.utils import timezone

from core import jobs
from core.context import origin
from core.errors import ConflictError, PortalError, UnavailableError
from core.jobs.kinds import job
from core.jobs.runner import BACK_OFF, JobLost, claim
from core.models import Job, JobLine
from core.owners import myself
from tests.core.jobs.conftest import Work
from tests.factories import a_job

pytestmark = pytest.mark.django_db


def _run(row: Job) -> Job:
    assert jobs.run(str(row.pk)) is not None
    row.refresh_from_db()
    return row


def test_a_job_that_returns_has_succeeded_with_its_result(work: Work) -> None:
    row = _run(a_job(kind="tests.work"))
    assert (row.status, row.result, row.attempts, row.error) == ("succeeded", {"done": True}, 1, "")
    assert row.lease_until is None
    assert row.started is not None
    assert row.finished is not None
    assert row.owner == str(myself())
    assert [line.text for line in row.lines.all()] == ["Attempt 1."]


def test_a_job_knows_that_it_acts_by_itself(monkeypatch: pytest.MonkeyPatch, work: Work) -> None:
    seen = []
    job("tests.work", title="Looks")(lambda run: seen.append(origin().door))
    _run(a_job(kind="tests.work"))
    assert seen == ["job"]


def test_a_permanent_error_ends_the_job_at_once(work: Work) -> None:
    work.errors = [PortalError("It is no use.", hint="Change it.", permanent=True)]
    row = _run(a_job(kind="tests.work"))
    assert (row.status, row.error, row.hint) == ("failed", "It is no use.", "Change it.")
    assert row.finished is not None
    assert "It is no use." in [line.text for line in row.lines.all()]


def test_another_error_is_tried_again_with_back_off_until_the_attempts_are_used_up(
    work: Work,
) -> None:
    work.errors = [PortalError(f"Not yet {number}.") for number in (1, 2, 3)]
    row = a_job(kind="tests.work")
    for attempt in (1, 2):
        before = timezone.now()
        row = _run(row)
        assert (row.status, row.attempts, row.owner) == ("queued", attempt, "")
        assert row.error == f"Not yet {attempt}."
        wait = row.due - before
        assert BACK_OFF[attempt - 1] <= wait < BACK_OFF[attempt - 1] + timedelta(seconds=5)
        assert jobs.run(str(row.pk)) is None, "not before its back-off is over"
        Job.objects.filter(pk=row.pk).update(due=before)
    row = _run(row)
    assert (row.status, row.attempts, row.error) == ("failed", 3, "Not yet 3.")


def test_a_later_attempt_may_succeed(work: Work) -> None:
    work.errors = [PortalError("Not yet.")]
    row = _run(a_job(kind="tests.work"))
    Job.objects.filter(pk=row.pk).update(due=timezone.now())
    row = _run(row)
    assert (row.status, row.attempts) == ("succeeded", 2)


def test_an_error_nobody_foresaw_ends_the_job_with_its_name(
    work: Work, caplog: pytest.LogCaptureFixture
) -> None:
    work.errors = [KeyError("colour")]
    row = _run(a_job(kind="tests.work"))
    assert (row.status, row.error) == ("failed", "Unexpected KeyError: 'colour'")
    assert "Traceback" in caplog.text, "the log has the place for whoever mends it"


@pytest.mark.django_db(transaction=True)
def test_a_result_that_cannot_be_kept_ends_the_job_as_well(work: Work) -> None:
    work.result = {"when": datetime(2026, 1, 1, tzinfo=UTC)}
    row = _run(a_job(kind="tests.work"))
    assert row.status == "failed"
    assert "TypeError" in row.error


@pytest.mark.django_db(transaction=True)
def test_a_database_that_fails_for_a_moment_is_tried_again(work: Work) -> None:
    work.errors = [OperationalError("database is locked")]
    row = _run(a_job(kind="tests.work"))
    assert (row.status, row.attempts) == ("queued", 1)
    assert "database is locked" in row.error


def test_a_kind_that_no_release_knows_any_more_fails_with_a_sentence() -> None:
    row = _run(a_job(kind="tests.gone"))
    assert row.status == "failed"
    assert "no background work called 'tests.gone'" in row.error


@pytest.mark.parametrize("status", ["running", "succeeded", "failed", "cancelled"])
def test_only_a_queued_job_is_run(work: Work, status: str) -> None:
    row = a_job(kind="tests.work", status=status)
    assert jobs.run(str(row.pk)) is None
    assert work.runs == []


def test_a_job_that_was_deleted_is_no_error(work: Work) -> None:
    row = a_job(kind="tests.work")
    row_id = str(row.pk)
    row.delete()
    assert jobs.run(row_id) is None


@pytest.mark.django_db(transaction=True)
def test_of_many_claims_at_once_exactly_one_wins(work: Work) -> None:
    row = a_job(kind="tests.work")
    start = threading.Barrier(8)
    ran: list[Job | None] = []

    def race() -> None:
        try:
            start.wait()
            ran.append(jobs.run(str(row.pk)))
        finally:
            connection.close()

    threads = [threading.Thread(target=race) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([done for done in ran if done is not None]) == 1
    assert len(work.runs) == 1
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("succeeded", 1)


def test_a_cancelled_job_stops_at_its_next_line_and_stays_cancelled(work: Work) -> None:
    row = a_job(kind="tests.work")

    def cancelled_meanwhile(run: jobs.JobRun) -> None:
        run.log("Begun.")
        jobs.cancel(Job.objects.get(pk=row.pk), actor=None)
        run.log("Never written.")
        raise AssertionError("it went on")

    job("tests.work", title="Cancelled")(cancelled_meanwhile)
    row = _run(row)
    assert row.status == "cancelled"
    assert [line.text for line in row.lines.all()] == ["Begun."]


def test_a_stale_run_cannot_overwrite_a_newer_attempt(work: Work) -> None:
    """A worker that slept through its lease wakes up while another one is at work."""
    row = a_job(kind="tests.work")

    def overtaken(run: jobs.JobRun) -> dict[str, str]:
        Job.objects.filter(pk=row.pk).update(status=Job.Status.QUEUED, owner="")
        assert claim(Job.objects.get(pk=row.pk))
        return {"by": "the stale run"}

    job("tests.work", title="Overtaken")(overtaken)
    row = _run(row)
    assert (row.status, row.attempts, row.result) == ("running", 2, {})


def test_a_stale_run_that_fails_does_not_fail_the_newer_attempt(work: Work) -> None:
    row = a_job(kind="tests.work")

    def overtaken(run: jobs.JobRun) -> None:
        Job.objects.filter(pk=row.pk).update(status=Job.Status.QUEUED, owner="")
        assert claim(Job.objects.get(pk=row.pk))
        raise PortalError("Too late.", permanent=True)

    job("tests.work", title="Overtaken")(overtaken)
    row = _run(row)
    assert (row.status, row.attempts, row.error) == ("running", 2, "")


def test_a_run_that_lost_its_job_is_told_at_its_next_renewal(work: Work) -> None:
    row = a_job(kind="tests.work", status="running", owner="me", attempts=1)
    run = jobs.JobRun(row)
    run.renew()
    run.check()
    Job.objects.filter(pk=row.pk).update(attempts=2)
    run.renew()
    with pytest.raises(JobLost):
        run.check()


@pytest.mark.django_db(transaction=True)
def test_the_lease_of_a_long_job_is_renewed_while_it_runs(
    work: Work, settings: LazySettings
) -> None:
    settings.JOB_LEASE = timedelta(seconds=0.15)
    leases = []

    def long(run: jobs.JobRun) -> None:
        until = time.monotonic() + 0.5
        while time.monotonic() < until:
            leases.append(Job.objects.get(pk=run.job.pk).lease_until)
            time.sleep(0.02)
            assert leases[-1] is not None
            assert leases[-1] > timezone.now() - timedelta(seconds=0.02), "it never lapses"

    job("tests.work", title="Long")(long)
    row = _run(a_job(kind="tests.work"))
    assert row.status == "succeeded", row.error
    assert len(set(leases)) >= 4
    assert not [thread for thread in threading.enumerate() if thread.name == "job-lease"]


def test_lines_are_kept_in_their_order(work: Work) -> None:
    row = _run(a_job(kind="tests.work"))
    other = a_job()
    JobLine.objects.create(job=row, text="Last.")
    assert [line.text for line in row.lines.all()] == ["Attempt 1.", "Last."]
    assert list(other.lines.all()) == []


@pytest.mark.parametrize(
    ("error", "code", "status"),
    [
        (ConflictError("Taken.", permanent=True), "conflict", 409),
        (UnavailableError("Away.", permanent=True), "unavailable", 503),
        (PortalError("Broken.", permanent=True), "internal", 500),
        (ZeroDivisionError(), "internal", 500),
    ],
)
def test_a_failed_job_keeps_the_class_of_its_error(
    work: Work, error: Exception, code: str, status: int
) -> None:
    work.errors = [error]
    row = _run(a_job(kind="tests.work"))
    assert (row.status, row.error_code, row.error_status) == ("failed", code, status)
