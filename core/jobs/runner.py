"""Running one job: claim it, keep its lease, write its lines, bring it to an end."""

import logging
import threading
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import InterfaceError, OperationalError, connection
from django.db.models import QuerySet
from django.utils import timezone

from core.context import Origin, acting_from
from core.errors import PortalError, UnavailableError
from core.jobs.kinds import kind
from core.models import Job, JobLine
from core.owners import myself
from core.transitions import try_move

logger = logging.getLogger(__name__)

BACK_OFF = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=3))


class JobLost(PortalError):
    """The job was cancelled or taken over; whoever still works on it must stop."""


class JobRun:
    """What a handler is given: the job, its arguments, and a place to write lines."""

    def __init__(self, row: Job) -> None:
        self.job = row
        self.arguments: dict[str, Any] = row.arguments
        self._lost = threading.Event()

    def log(self, text: str) -> None:
        """Write one line that people see on the job's page, and stop here if the job was lost."""
        self.renew()
        self.check()
        JobLine.objects.create(job=self.job, text=text)

    def check(self) -> None:
        """Stop the handler if somebody cancelled the job or took it over.

        Raises:
            JobLost: this run owns the job no more.
        """
        if self._lost.is_set():
            raise JobLost(f"{self.job} was cancelled or taken over.", permanent=True)

    def renew(self) -> None:
        """Extend the lease, and note when that is no longer ours to do."""
        if not _mine(self.job).update(lease_until=timezone.now() + settings.JOB_LEASE):
            self._lost.set()


def run(job_id: str) -> Job | None:
    """Run the job if it is due and nobody else runs it; return it in its new state.

    Returns None when there is nothing to do: the row is gone, ended, not due or taken.
    """
    row = Job.objects.filter(pk=job_id, due__lte=timezone.now()).first()
    if row is None or not claim(row):
        return None
    with acting_from(Origin(door="job")), _Heartbeat(row) as job_run:
        try:
            result = kind(row.kind).handler(job_run) or {}
            _end(row, Job.Status.SUCCEEDED, result=result)
        except JobLost:
            logger.info("%s was cancelled or taken over.", row)
            row.refresh_from_db()
        except PortalError as error:
            _fail(row, error)
        except (OperationalError, InterfaceError) as error:
            # The connection may be of no use any more, and what follows must be written.
            connection.close_if_unusable_or_obsolete()
            _fail(row, UnavailableError(f"The database did not do its part: {error}."))
        except Exception as error:  # the runner is the edge: whatever happens, the job must end
            logger.exception("%s failed.", row)
            name = type(error).__name__
            _fail(row, PortalError(f"Unexpected {name}: {error}", permanent=True))
    return row


def claim(row: Job) -> bool:
    """Take a queued job for this process, and say whether that succeeded."""
    now = timezone.now()
    return try_move(
        row,
        from_=Job.Status.QUEUED,
        to=Job.Status.RUNNING,
        owner=f"{myself()}",
        lease_until=now + settings.JOB_LEASE,
        started=now,
        attempts=row.attempts + 1,
    )


def _mine(row: Job) -> QuerySet[Job]:
    """Return the row as long as this very attempt runs it."""
    return Job.objects.filter(
        pk=row.pk, owner=row.owner, attempts=row.attempts, status=Job.Status.RUNNING
    )


def _end(row: Job, status: str, **fields: Any) -> None:
    moved = _mine(row).update(status=status, finished=timezone.now(), lease_until=None, **fields)
    if not moved:
        logger.info("%s ended as %s, but was cancelled or taken over before.", row, status)
    row.refresh_from_db()


def _fail(row: Job, error: PortalError) -> None:
    JobLine.objects.create(job=row, text=error.message)
    why = {
        "error": error.message,
        "error_code": error.code,
        "error_status": error.http_status,
        "hint": error.hint,
    }
    if error.permanent or row.attempts >= row.max_attempts:
        _end(row, Job.Status.FAILED, **why)
        return
    wait = BACK_OFF[min(row.attempts, len(BACK_OFF)) - 1]
    _mine(row).update(
        status=Job.Status.QUEUED,
        due=timezone.now() + wait,
        lease_until=None,
        owner="",
        **why,
    )
    row.refresh_from_db()


class _Heartbeat:
    """Renews the lease of a running job from a thread of its own."""

    def __init__(self, row: Job) -> None:
        self._run = JobRun(row)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="job-lease", daemon=True)

    def __enter__(self) -> JobRun:
        self._thread.start()
        return self._run

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        # A third of the lease leaves room for two missed beats before anybody takes over.
        pause = settings.JOB_LEASE.total_seconds() / 3
        try:
            while not self._stop.wait(pause):
                try:
                    self._run.renew()
                except DatabaseFault as error:
                    logger.warning("The lease of %s could not be renewed: %s", self._run.job, error)
        finally:
            connection.close()
