"""Reads of the floor's rows: jobs and audit entries."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from core.models import AuditEntry, Job, JobLine


def jobs(*, status: str = "", subject: str = "", kind: str = "") -> QuerySet[Job]:
    """Return jobs, newest first, narrowed by what is not empty."""
    rows = Job.objects.select_related("actor", "retry_of")
    if status:
        rows = rows.filter(status=status)
    if subject:
        rows = rows.filter(subject=subject)
    if kind:
        rows = rows.filter(kind=kind)
    return rows


def failed_jobs(*, since: datetime) -> QuerySet[Job]:
    """Return the jobs that failed and that nobody has run again since, with success or not."""
    later = Job.objects.filter(
        kind=OuterRef("kind"), subject=OuterRef("subject"), created__gt=OuterRef("created")
    )
    return jobs(status=Job.Status.FAILED).filter(finished__gte=since).exclude(Exists(later))


def lines(job: Job, *, after: int = 0) -> QuerySet[JobLine]:
    """Return the lines of a job in their order, those after line `after` only."""
    return JobLine.objects.filter(job=job, pk__gt=after)


def last_lines(job: Job, *, count: int) -> list[JobLine]:
    """Return the newest lines of a job in their order, `count` at most."""
    return list(JobLine.objects.filter(job=job).order_by("-pk")[:count])[::-1]


def job_kinds() -> list[str]:
    """Return the kinds of job that ever ran and are still listed."""
    return list(Job.objects.order_by("kind").values_list("kind", flat=True).distinct())


def audit_entries(*, object: str = "", search: str = "", door: str = "") -> QuerySet[AuditEntry]:
    """Return who did what, newest first, narrowed by what is not empty.

    `search` is looked for in who, action and object, whatever the case of its letters.
    """
    rows = AuditEntry.objects.select_related("actor")
    if object:
        rows = rows.filter(object=object)
    if door:
        rows = rows.filter(door=door)
    for word in search.split():
        found = Q(who__icontains=word) | Q(action__icontains=word) | Q(object__icontains=word)
        rows = rows.filter(found)
    return rows
