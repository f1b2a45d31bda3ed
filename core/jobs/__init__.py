"""Background work: kinds of jobs, the queue of rows, the runner and the sweep.

The database is the truth and the broker a doorbell: a message only says that a row is due.
"""

from core.jobs.kinds import JobKind, job
from core.jobs.queue import cancel, enqueue, retry
from core.jobs.runner import JobRun, run
from core.jobs.sweep import sweep
from core.jobs.waiting import wait_for

__all__ = ["JobKind", "JobRun", "cancel", "enqueue", "job", "retry", "run", "sweep", "wait_for"]
