"""Writing jobs: enqueue after commit, cancel, run again."""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from celery import current_app
from django.db import IntegrityError, transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from core import audit
from core.errors import ConflictError
from core.jobs.kinds import DEFAULT_QUEUE, NODE_QUEUE_PREFIX, kind
from core.models import Job
from core.transitions import try_move

if TYPE_CHECKING:
    from accounts.models import User

logger = logging.getLogger(__name__)

RUN_TASK = "core.run_job"


def enqueue(
    name: str,
    *,
    subject: str = "",
    arguments: dict[str, Any] | None = None,
    trigger: str = Job.Trigger.USER,
    actor: "User | None" = None,
    queue: str = DEFAULT_QUEUE,
    retry_of: Job | None = None,
) -> Job:
    """Write a job of kind `name` and ring for it once the transaction is committed.

    `arguments` are ids and plain values; `subject` names what the job is about, such as
    `deployment:wine`, so that the page of that thing can list its jobs.
    """
    row = Job.objects.create(
        kind=name,
        queue=queue,
        subject=subject,
        arguments=arguments or {},
        trigger=trigger,
        actor=actor,
        max_attempts=kind(name).max_attempts,
        retry_of=retry_of,
    )
    transaction.on_commit(lambda: ring(row))
    return row


def enqueue_scheduled(name: str, *, scheduled_for: datetime) -> Job | None:
    """Write the run of a schedule that was due at `scheduled_for`, once whoever asks."""
    try:
        with transaction.atomic():
            row = Job.objects.create(
                kind=name,
                queue=DEFAULT_QUEUE,
                trigger=Job.Trigger.SCHEDULE,
                max_attempts=kind(name).max_attempts,
                scheduled_for=scheduled_for,
            )
    except IntegrityError:
        return None
    transaction.on_commit(lambda: ring(row))
    return row


def ring(row: Job) -> None:
    """Tell the workers that `row` is due; a message that is lost costs only time (see sweep)."""
    if row.queue.startswith(NODE_QUEUE_PREFIX):
        return
    try:
        current_app.send_task(RUN_TASK, args=[str(row.pk)], queue=row.queue, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning(
            "The broker does not take messages (%s); %s waits for the sweep.", error, row
        )


@transaction.atomic
def cancel(row: Job, *, actor: "User | None") -> Job:
    """End a job that has not begun; one that runs is asked to stop at its next line.

    Raises:
        ConflictError: the job has ended already.
    """
    if not try_move(row, from_=Job.OPEN, to=Job.Status.CANCELLED, finished=timezone.now()):
        raise ConflictError(f"{row} has ended already.")
    _record("cancelled", row, actor=actor)
    return row


def retry(row: Job, *, actor: "User | None") -> Job:
    """Run a failed or cancelled job again, as a new row that names the old one.

    Whoever asks while that one has not ended gets the same row.

    Raises:
        ConflictError: the job has not ended, or it succeeded.
    """
    if row.status not in (Job.Status.FAILED, Job.Status.CANCELLED):
        raise ConflictError(f"{row} is {row.status}; only a failed or cancelled job runs again.")
    try:
        # Of two who ask in the same moment the database refuses one.
        with transaction.atomic():
            return _open_retry(row) or _enqueue_again(row, actor=actor)
    except IntegrityError as error:
        again = _open_retry(row)
        if again is None:
            raise ConflictError(
                f"{row} was run again in this moment.", hint="Look how that one ended."
            ) from error
        return again


def _open_retry(row: Job) -> Job | None:
    return row.retries.filter(status__in=Job.OPEN).first()


def _enqueue_again(row: Job, *, actor: "User | None") -> Job:
    again = enqueue(
        row.kind,
        subject=row.subject,
        arguments=row.arguments,
        actor=actor,
        queue=row.queue,
        retry_of=row,
    )
    _record("ran again", row, actor=actor, again=str(again.pk))
    return again


def _record(action: str, row: Job, *, actor: "User | None", **more: str) -> None:
    what = {"kind": row.kind, "subject": row.subject, **more}
    audit.record(action, object=f"job:{row.pk}", actor=actor, after=what)
