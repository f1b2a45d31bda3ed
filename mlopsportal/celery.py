"""The Celery application: a doorbell for jobs, and the ticks of the clock."""

import os
from datetime import timedelta

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlopsportal.settings")


def _every(task: str, period: timedelta) -> dict[str, object]:
    # A tick that nobody took in time is worth nothing: the next one sees the same.
    seconds = period.total_seconds()
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


app = Celery("mlopsportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "tick": _every("mlopsportal.tick", timedelta(seconds=5)),
    "read the registry": _every("registry.sync", settings.REGISTRY_INTERVAL),
    "look for baselines": _every("monitoring.look", timedelta(seconds=10)),
}
