"""Writing jobs: after commit, once per schedule, cancelled, run again."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from celery import Celery
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from accounts.models import User
from core import jobs
from core.errors import ConflictError, NotFoundError
from core.jobs import queue
from core.jobs.queue import enqueue_scheduled
from core.models import AuditEntry, Job
from tests.core.jobs.conftest import Work
from tests.factories import a_job

pytestmark = pytest.mark.django_db


def test_the_bell_rings_only_once_the_row_is_committed(
    work: Work, rings: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            row = jobs.enqueue("tests.work", subject="deployment:wine", arguments={"a": 1})
            assert rings == []
        assert rings == [], "the outer transaction is still open"
    assert rings == [str(row.pk)]
    assert (row.status, row.subject, row.arguments) == ("queued", "deployment:wine", {"a": 1})


def test_nothing_rings_for_a_row_that_was_rolled_back(
    work: Work, rings: list[str], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with (
        django_capture_on_commit_callbacks(execute=True),
        pytest.raises(ZeroDivisionError),
        transaction.atomic(),
    ):
        jobs.enqueue("tests.work")
        raise ZeroDivisionError
    assert rings == []
    assert not Job.objects.exists()


def test_jobs_of_one_node_send_no_message(work: Work, rings: list[str]) -> None:
    """The node's agent looks into the database; a message could reach another machine."""
    queue.ring(jobs.enqueue("tests.work", queue="node.testnode"))
    assert rings == []


def test_an_unknown_kind_is_refused_before_a_row_exists() -> None:
    with pytest.raises(NotFoundError, match="no background work called 'tests.odd'"):
        jobs.enqueue("tests.odd")
    assert not Job.objects.exists()


def test_a_broker_that_takes_no_messages_loses_no_job(
    work: Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the broker says, the row is there and the act that wrote it succeeds."""
    (tmp_path / "messages").write_text("a file where the broker's folder should be")
    broken = Celery("broken", broker="filesystem://")
    broken.conf.broker_transport_options = {
        "data_folder_in": str(tmp_path / "messages"),
        "data_folder_out": str(tmp_path / "messages"),
        "control_folder": str(tmp_path / "control"),
    }
    monkeypatch.setattr(queue, "current_app", broken)
    queue.ring(jobs.enqueue("tests.work"))
    assert "waits for the sweep" in caplog.text
    broken.close()


def test_one_due_time_of_a_schedule_is_one_job_whoever_asks(work: Work) -> None:
    due = datetime(2026, 11, 23, 3, 17, tzinfo=UTC)
    first = enqueue_scheduled("tests.work", scheduled_for=due)
    assert first is not None
    assert first.trigger == Job.Trigger.SCHEDULE
    assert enqueue_scheduled("tests.work", scheduled_for=due) is None
    assert Job.objects.count() == 1


@pytest.mark.parametrize("status", ["queued", "running"])
def test_an_open_job_can_be_cancelled(status: str) -> None:
    row = jobs.cancel(a_job(status=status), actor=None)
    row.refresh_from_db()
    assert row.status == "cancelled"
    assert row.finished is not None


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_an_ended_job_cannot_be_cancelled(status: str) -> None:
    with pytest.raises(ConflictError, match="has ended already"):
        jobs.cancel(a_job(status=status), actor=None)


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_ended_badly_runs_again_as_a_new_row(
    work: Work, olga: User, status: str
) -> None:
    old = a_job(kind="tests.work", status=status, subject="s", arguments={"x": 1}, queue="node.n")
    new = jobs.retry(old, actor=olga)
    assert new.pk != old.pk
    assert (new.retry_of, new.actor, new.status) == (old, olga, "queued")
    assert (new.subject, new.arguments, new.queue) == ("s", {"x": 1}, "node.n")


@pytest.mark.parametrize("status", ["queued", "running", "succeeded"])
def test_only_a_job_that_ended_badly_runs_again(work: Work, status: str) -> None:
    with pytest.raises(ConflictError, match=f"is {status}; only a failed or cancelled job"):
        jobs.retry(a_job(kind="tests.work", status=status), actor=None)


def test_a_second_click_gets_the_job_of_the_first(work: Work, olga: User, ada: User) -> None:
    old = a_job(kind="tests.work", status="failed")
    first = jobs.retry(old, actor=olga)
    assert jobs.retry(old, actor=ada) == first
    Job.objects.filter(pk=first.pk).update(status="running")
    assert jobs.retry(old, actor=ada) == first
    Job.objects.filter(pk=first.pk).update(status="failed")
    assert jobs.retry(old, actor=ada) != first


def test_of_two_clicks_in_the_same_moment_the_later_gets_the_job_of_the_earlier(
    work: Work, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = a_job(kind="tests.work", status="failed")
    first = jobs.retry(old, actor=olga)
    real, looks = queue._open_retry, [None]

    def nothing_yet(row: Job) -> Job | None:
        return looks.pop() if looks else real(row)

    monkeypatch.setattr(queue, "_open_retry", nothing_yet)
    assert jobs.retry(old, actor=olga) == first
    assert old.retries.count() == 1
    assert AuditEntry.objects.filter(action="ran again").count() == 1


def test_a_click_that_came_with_one_whose_job_has_ended_is_told_so(
    work: Work, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = a_job(kind="tests.work", status="failed")
    jobs.retry(old, actor=olga)
    monkeypatch.setattr(queue, "_open_retry", lambda row: None)
    with pytest.raises(ConflictError, match="was run again in this moment"):
        jobs.retry(old, actor=olga)


def test_who_cancels_and_who_runs_again_is_written_down(work: Work, olga: User, ada: User) -> None:
    old = jobs.cancel(a_job(kind="tests.work", subject="deployment:wine"), actor=olga)
    new = jobs.retry(old, actor=ada)
    again, cancelled = AuditEntry.objects.filter(object__startswith="job:")
    assert (cancelled.who, cancelled.action) == ("olga", "cancelled")
    assert (again.who, again.action) == ("ada", "ran again")
    assert cancelled.object == again.object == f"job:{old.pk}"
    assert cancelled.after == {"kind": "tests.work", "subject": "deployment:wine"}
    assert again.after == {**cancelled.after, "again": str(new.pk)}


def test_a_refused_cancel_leaves_no_entry(olga: User) -> None:
    with pytest.raises(ConflictError):
        jobs.cancel(a_job(status="failed"), actor=olga)
    assert not AuditEntry.objects.filter(object__startswith="job:").exists()
