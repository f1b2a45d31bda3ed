"""Bringing forward what no job works on any more, though it is still wanted.

Jobs end for good when their process died too often. What is desired is a row, not a job: as long
as a release should come up, or an undeployed one should go, there is a job for it.
"""

from django.conf import settings

from core import jobs
from core.errors import PortalError
from core.jobs.kinds import node_queue
from core.models import Job
from deployments.agent.rollout import cancelled, fail
from deployments.models import Deployment, Release
from deployments.services.desired import ROLLOUT, UNDEPLOY

MOST_LOST_JOBS = 2
"""How many jobs of a release may be lost, each after several attempts, before it has failed."""


def repair() -> list[Job]:
    """Write a job for every release on its way, and every end of one, that has none."""
    return [
        job
        for row in Deployment.objects.filter(node=settings.NODE).select_related("target")
        if (job := _bring_up(row) if row.wanted else _take_down(row)) is not None
    ]


def _bring_up(row: Deployment) -> Job | None:
    release = row.target
    if release is None or release.status not in Release.COMING or _has_open_job(row):
        return None
    tried = Job.objects.filter(kind=ROLLOUT, arguments={"release": release.pk})
    newest = tried.order_by("-created").first()
    if newest is not None and newest.status == Job.Status.CANCELLED:
        fail(release, cancelled(release))
        return None
    if tried.filter(status=Job.Status.FAILED).count() >= MOST_LOST_JOBS:
        cause = newest.error if newest else ""
        hint = "Does the machine have memory and disk enough for it? Look at the agent's output."
        fail(release, PortalError(f"{release} could not be brought up: {cause}", hint=hint))
        return None
    return _enqueue(row, ROLLOUT, {"release": release.pk})


def _take_down(row: Deployment) -> Job | None:
    served = row.releases.filter(status__in=(*Release.COMING, Release.Status.LIVE))
    if not served.exists() or _has_open_job(row):
        return None
    return _enqueue(row, UNDEPLOY, {"deployment": row.pk})


def _has_open_job(row: Deployment) -> bool:
    open_jobs = Job.objects.filter(subject=row.subject, status__in=Job.OPEN)
    return open_jobs.filter(kind__in=(ROLLOUT, UNDEPLOY)).exists()


def _enqueue(row: Deployment, kind: str, arguments: dict[str, int]) -> Job:
    return jobs.enqueue(
        kind,
        subject=row.subject,
        arguments=arguments,
        trigger=Job.Trigger.SYSTEM,
        queue=node_queue(row.node),
    )
