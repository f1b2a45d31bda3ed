"""Picking up what was left: lost messages, dead owners, lapsed leases."""

import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from core import jobs
from core.jobs.sweep import ring_again, take_over_orphans
from core.models import Job
from core.owners import Owner, boot_id, myself, start_of
from tests.core.jobs.conftest import Work
from tests.factories import a_job

pytestmark = pytest.mark.django_db
LATER = timedelta(minutes=1)
# The package offers the function under the module's name.
module = sys.modules["core.jobs.sweep"]


def _running(**fields: object) -> Job:
    values = {"owner": str(myself()), "lease_until": timezone.now() + LATER, "attempts": 1}
    return a_job(kind="tests.work", status=Job.Status.RUNNING, **(values | fields))


def _dead_owner() -> str:
    """Return the owner text of a process that has just ended."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = str(Owner("testnode", boot_id(), child.pid, start_of(child.pid)))
    child.communicate(b"\n")
    return owner


def test_a_running_job_whose_owner_lives_is_left_alone(work: Work) -> None:
    row = _running()
    assert jobs.sweep() == 0
    row.refresh_from_db()
    assert row.status == "running"


def test_a_job_whose_process_died_is_queued_again_at_once(work: Work) -> None:
    row = _running(owner=_dead_owner())
    assert jobs.sweep() == 1
    row.refresh_from_db()
    assert (row.status, row.owner, row.lease_until) == ("queued", "", None)


def test_a_job_whose_lease_lapsed_is_queued_again_wherever_its_owner_is(work: Work) -> None:
    row = _running(owner="elsewhere/abc/1/2", lease_until=timezone.now() - LATER)
    assert jobs.sweep() == 1
    row.refresh_from_db()
    assert row.status == "queued"


def test_a_job_of_another_machine_is_left_until_its_lease_lapses(work: Work) -> None:
    row = _running(owner="elsewhere/abc/1/2")
    assert jobs.sweep() == 0
    row.refresh_from_db()
    assert row.status == "running"


def test_a_job_that_took_its_process_with_it_too_often_fails_for_good(work: Work) -> None:
    row = _running(owner=_dead_owner(), attempts=3, max_attempts=3, error_status=422)
    assert jobs.sweep() == 1
    row.refresh_from_db()
    assert row.status == "failed"
    assert row.error == "The process that ran this ended in the middle, 3 times."
    assert row.hint
    assert (row.error_code, row.error_status) == ("internal", 500), "not those of an old attempt"
    assert row.finished is not None


def test_a_lease_renewed_since_the_look_is_respected(
    work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A suspended machine wakes up: the sweep saw the old lease, the owner renews it first."""
    row = _running(lease_until=timezone.now() - LATER)
    real = module._is_orphan

    def renewed_right_after(seen: Job) -> bool:
        orphan = real(seen)
        Job.objects.filter(pk=seen.pk).update(lease_until=timezone.now() + LATER)
        return orphan

    monkeypatch.setattr(module, "_is_orphan", renewed_right_after)
    assert take_over_orphans() == 0
    row.refresh_from_db()
    assert (row.status, row.owner) == ("running", str(myself()))


def test_two_sweeps_at_once_touch_a_job_once(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    row = _running(lease_until=timezone.now() - LATER)
    real = module._take_over

    def other_first(seen: Job) -> int:
        monkeypatch.setattr(module, "_take_over", real)
        assert take_over_orphans() == 1
        return real(seen)

    monkeypatch.setattr(module, "_take_over", other_first)
    assert take_over_orphans() == 0
    row.refresh_from_db()
    assert row.status == "queued"


def test_a_sweep_of_one_queue_leaves_the_others(work: Work) -> None:
    ours = _running(queue="node.testnode", lease_until=timezone.now() - LATER)
    other = _running(queue="node.other", lease_until=timezone.now() - LATER)
    assert take_over_orphans(queue="node.testnode") == 1
    ours.refresh_from_db()
    other.refresh_from_db()
    assert (ours.status, other.status) == ("queued", "running")


def test_a_due_job_whose_message_was_lost_is_rung_for_again(work: Work, rings: list[str]) -> None:
    late = a_job(kind="tests.work", due=timezone.now() - LATER)
    a_job(kind="tests.work")  # its message may still be on the way
    a_job(kind="tests.work", due=timezone.now() + LATER)
    a_job(kind="tests.work", due=timezone.now() - LATER, queue="node.testnode")
    assert jobs.sweep() == 1
    assert rings == [str(late.pk)]


def test_when_many_are_late_the_longest_waiting_come_first(work: Work, rings: list[str]) -> None:
    late = [a_job(kind="tests.work", due=timezone.now() - LATER * waits) for waits in (1, 3, 2)]
    assert ring_again(most=2) == 2
    assert rings == [str(late[1].pk), str(late[2].pk)]


def test_a_job_whose_process_died_in_the_middle_succeeds_in_the_end(work: Work) -> None:
    row = _running(owner=_dead_owner())
    jobs.sweep()
    assert jobs.run(str(row.pk)) is not None
    row.refresh_from_db()
    assert (row.status, row.attempts) == ("succeeded", 2)
