"""The schedule: every job that runs by the clock, in one list."""

from django.conf import settings

from core.jobs.schedule import Entry

ENTRIES = [
    Entry(kind="core.cleanup", setting="PORTAL_SCHEDULE_CLEANUP", cron=settings.SCHEDULE_CLEANUP),
    Entry(
        kind="monitoring.check_all",
        setting="PORTAL_SCHEDULE_CHECKS",
        cron=settings.SCHEDULE_CHECKS,
    ),
]
