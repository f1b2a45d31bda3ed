"""Picking up what was left: lost messages, dead workers, jobs whose back-off is over."""

import logging
from datetime import timedelta

from django.utils import timezone

from core.errors import PortalError
from core.jobs.kinds import NODE_QUEUE_PREFIX
from core.jobs.queue import ring
from core.models import Job
from core.owners import is_gone

logger = logging.getLogger(__name__)

PATIENCE = timedelta(seconds=10)
"""How long a queued job may wait for its message before it is rung for again."""

MOST_AT_ONCE = 10
"""Enough to wake every worker; each that ends a job rings for the next (see `core.tasks`)."""


def sweep() -> int:
    """Bring forward every job that nothing moves any more; return how many were touched.

    Level-triggered: it may run at any time, in any number of processes at once.
    """
    return take_over_orphans() + ring_again()


def take_over_orphans(*, queue: str | None = None) -> int:
    """Queue again, or fail for good, the running jobs whose owner ended or lost its lease."""
    rows = Job.objects.filter(status=Job.Status.RUNNING)
    if queue is not None:
        rows = rows.filter(queue=queue)
    lapsed = [row for row in rows if _is_orphan(row)]
    return sum(_take_over(row) for row in lapsed)


def ring_again(*, most: int = MOST_AT_ONCE) -> int:
    """Ring for the due jobs that nobody has begun within the patience, the oldest first."""
    late = (
        Job.objects.filter(status=Job.Status.QUEUED, due__lt=timezone.now() - PATIENCE)
        .exclude(queue__startswith=NODE_QUEUE_PREFIX)
        .order_by("due")[:most]
    )
    for row in late:
        ring(row)
    return len(late)


def _is_orphan(row: Job) -> bool:
    if row.lease_until is not None and row.lease_until < timezone.now():
        return True
    return is_gone(row.owner)


def _take_over(row: Job) -> int:
    # A process that only slept may have renewed its lease since the row was read.
    mine = Job.objects.filter(
        pk=row.pk, owner=row.owner, lease_until=row.lease_until, status=Job.Status.RUNNING
    )
    if row.attempts < row.max_attempts:
        taken = mine.update(status=Job.Status.QUEUED, owner="", lease_until=None)
    else:
        taken = mine.update(
            status=Job.Status.FAILED,
            finished=timezone.now(),
            lease_until=None,
            error=f"The process that ran this ended in the middle, {row.attempts} times.",
            error_code=PortalError.code,
            error_status=PortalError.http_status,
            hint="Look into the worker's log for the cause, then run the job again.",
        )
    if taken:
        logger.warning("%s lost its process %s.", row, row.owner)
    return taken
