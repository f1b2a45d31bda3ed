"""The tick: what the clock does every few seconds, each step safe to repeat."""

from celery import shared_task

from core import jobs
from core.jobs.schedule import enqueue_due
from mlopsportal.schedule import ENTRIES


@shared_task(name="mlopsportal.tick")
def tick() -> None:
    """Bring forward what was left, and write what the schedule has due."""
    jobs.sweep()
    enqueue_due(ENTRIES)
