"""Waiting a moment for a job, where the asker would rather have its result at once."""

import time

from core.models import Job

_PAUSE = 0.1


def wait_for(job: Job, *, seconds: float) -> Job:
    """Return the job as soon as it has ended, or as it is after `seconds`."""
    until = time.monotonic() + seconds
    while job.is_open and time.monotonic() < until:
        time.sleep(_PAUSE)
        job.refresh_from_db()
    return job
