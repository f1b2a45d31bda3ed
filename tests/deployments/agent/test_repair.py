"""Bringing forward what no job works on any more."""

import pytest

from core.models import Job
from deployments.agent.repair import MOST_LOST_JOBS, repair
from deployments.models import Deployment, Release
from deployments.services import deploy, undeploy
from tests.factories import a_deployment, a_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(db: None) -> tuple[Deployment, Job]:
    """Return a deployment that was asked for, and its job."""
    a_version(model="wine")
    return deploy(model="wine", version="1", actor=None)


def _end(job: Job, status: str, error: str = "") -> None:
    Job.objects.filter(pk=job.pk).update(status=status, error=error)


def test_as_long_as_a_job_works_on_it_nothing_is_done(asked: tuple[Deployment, Job]) -> None:
    assert repair() == []
    _end(asked[1], Job.Status.RUNNING)
    assert repair() == []


@pytest.mark.parametrize("status", ["failed", "succeeded"])
def test_a_release_on_its_way_that_lost_its_job_gets_another(
    asked: tuple[Deployment, Job], status: str
) -> None:
    row, lost = asked
    _end(lost, status)
    Release.objects.update(status=Release.Status.STARTING)
    (job,) = repair()
    assert job.pk != lost.pk
    assert (job.kind, job.queue, job.arguments) == (lost.kind, lost.queue, lost.arguments)
    assert job.trigger == Job.Trigger.SYSTEM
    assert repair() == [], "one is enough"
    assert row.pk


def test_a_release_whose_jobs_were_lost_too_often_has_failed_with_the_cause(
    asked: tuple[Deployment, Job],
) -> None:
    row, job = asked
    for _ in range(MOST_LOST_JOBS):
        _end(job, Job.Status.FAILED, "The process that ran this ended in the middle, 3 times.")
        found = repair()
        job = found[0] if found else job
    assert found == []
    release = Release.objects.get()
    assert release.status == "failed"
    assert "ended in the middle" in release.error
    assert release.hint
    assert row.events.order_by("-pk")[0].tone == "bad"
    assert repair() == []


def test_a_release_whose_job_a_person_cancelled_stays_cancelled(
    asked: tuple[Deployment, Job],
) -> None:
    _end(asked[1], Job.Status.CANCELLED)
    assert repair() == []
    release = Release.objects.get()
    assert release.status == "failed"
    assert "was cancelled" in release.error


def test_an_undeployed_release_that_lost_its_job_gets_one(asked: tuple[Deployment, Job]) -> None:
    row, job = asked
    _end(job, Job.Status.SUCCEEDED)
    Release.objects.update(status=Release.Status.LIVE)
    lost = undeploy(deployment=row, actor=None)
    _end(lost, Job.Status.FAILED)
    (again,) = repair()
    assert (again.kind, again.arguments) == (lost.kind, lost.arguments)


def test_what_is_as_desired_and_what_is_elsewhere_is_left(db: None) -> None:
    a_deployment(name="live")
    a_deployment(name="failed", status=Release.Status.FAILED)
    elsewhere = a_deployment(name="elsewhere", status=Release.Status.PENDING)
    Deployment.objects.filter(pk=elsewhere.pk).update(node="other")
    gone = a_deployment(name="gone", status=Release.Status.STOPPED)
    Deployment.objects.filter(pk=gone.pk).update(wanted=False)
    assert repair() == []
