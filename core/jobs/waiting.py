"""Waiting a moment for a job, where the asker would rather have its result at once."""

import threading
import time
from typing import Final

from core.models import Job

MOST_WAITING: Final = 16
"""Threads of one process that may wait at a time, each with its connection to the database."""

_PAUSE: Final = 0.1
_places = threading.BoundedSemaphore(MOST_WAITING)


def wait_for(job: Job, *, seconds: float) -> Job:
    """Return the job as soon as it has ended, or as it is after `seconds`.

    Who finds MOST_WAITING others waiting gets it as it is, at once.
    """
    if seconds <= 0 or not _places.acquire(blocking=False):
        return job
    try:
        until = time.monotonic() + seconds
        while job.is_open and time.monotonic() < until:
            time.sleep(_PAUSE)
            job.refresh_from_db()
    finally:
        _places.release()
    return job
