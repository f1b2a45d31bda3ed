"""Turning cron lines into jobs: each due time becomes one row, however many clocks tick."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from croniter import croniter
from django.utils import timezone

from core.jobs.queue import enqueue_scheduled
from core.models import Job

OFF = "off"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the schedule: the kind of job and the cron line (UTC) of a setting."""

    kind: str
    setting: str
    cron: str

    @property
    def is_on(self) -> bool:
        return self.cron.strip().lower() != OFF

    def last_due(self, now: datetime) -> datetime:
        """Return the newest time at or before `now` that the cron line names."""
        # croniter looks for a time before the one it is given, even if that one is named itself.
        after = now.astimezone(UTC) + timedelta(microseconds=1)
        previous: datetime = croniter(self.cron, after).get_prev(datetime)
        return previous


def enqueue_due(entries: list[Entry]) -> list[Job]:
    """Enqueue the newest run of every entry that is due and has not been written yet.

    Runs that were missed while nothing ticked are not made up for: one run, now, sees the same.
    """
    rows = []
    for entry in entries:
        if not entry.is_on:
            continue
        due = entry.last_due(timezone.now())
        newest = Job.objects.filter(kind=entry.kind, scheduled_for__isnull=False).order_by(
            "-scheduled_for"
        )
        last = newest.values_list("scheduled_for", flat=True).first()
        if last is None or last < due:
            row = enqueue_scheduled(entry.kind, scheduled_for=due)
            rows += [row] if row else []
    return rows
