"""What Celery's messages call: run one job; and the clean-up of the floor's own rows."""

from datetime import timedelta
from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from core import jobs
from core.jobs.kinds import job
from core.jobs.queue import RUN_TASK
from core.jobs.sweep import ring_again
from core.models import IdempotentRequest, Job


@shared_task(name=RUN_TASK)
def run_job(job_id: str) -> None:
    """Run one job, if it is due and free, then ring for the one that has waited too long."""
    jobs.run(job_id)
    ring_again(most=1)


@job("core.cleanup", title="Clean-up of old jobs")
def cleanup(run: jobs.JobRun) -> dict[str, int]:
    """Forget ended jobs and keyed requests that are older than the settings keep them."""
    ended = Job.objects.exclude(status__in=Job.OPEN).exclude(pk__in=_newest_of_schedules())
    gone, _ = ended.filter(finished__lt=timezone.now() - settings.KEEP_JOBS).delete()
    keyed = IdempotentRequest.objects.filter(created__lt=timezone.now() - timedelta(days=1))
    forgotten, _ = keyed.delete()
    run.log(f"{gone} rows of old jobs and {forgotten} keyed requests were deleted.")
    return {"jobs": gone, "keyed_requests": forgotten}


def _newest_of_schedules() -> list[Any]:
    """Return the newest run of each schedule: without it the clock would write that run again."""
    rows = Job.objects.filter(scheduled_for__isnull=False).order_by("kind", "scheduled_for")
    return list(dict(rows.values_list("kind", "pk")).values())
