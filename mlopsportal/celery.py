"""The Celery application: a doorbell for jobs (what the clock does is in `mlopsportal.clock`)."""

import os
import warnings

from celery import Celery
from celery.exceptions import SecurityWarning, WorkerShutdown
from celery.signals import worker_shutting_down
from celery.worker import state

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlopsportal.settings")

# As root in a container; Celery's own fear is pickled messages, and ours are JSON.
warnings.filterwarnings("ignore", category=SecurityWarning)

app = Celery("mlopsportal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_shutting_down.connect
def end_at_once_when_idle(**_: object) -> None:
    """End a worker that is told to stop and has no job; by itself it polls on for two seconds."""
    if not state.active_requests:
        raise WorkerShutdown(0)
