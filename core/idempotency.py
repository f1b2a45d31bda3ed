"""Keyed requests: a POST that is sent again with its `Idempotency-Key` creates nothing twice.

    begin ─► None: the first of its key, go on ─► finish (keep the answer) or forget (5xx, 401 …)
       ├───► Replay: it was answered before
       └───► ConflictError: another body came under the key, or the first still runs

The database decides by its unique key, so duplicates that arrive together have one winner too.
"""

import base64
import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import ConflictError
from core.models import IdempotentRequest

ABANDONED: Final = timedelta(minutes=10)
"""No request runs that long: whoever began it was killed, and a retry may take its place."""

PASSING: Final = frozenset({401, 403, 408, 409, 413, 429})
"""Refusals that a retry may overcome; like those of 5xx they are not kept."""


class StillRunning(ConflictError):
    """The first request with this key has not been answered yet."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """One POST with a key: who sent it, and what tells its body from every other."""

    caller: str
    key: str
    fingerprint: str

    @property
    def row_key(self) -> str:
        """What is stored of the key; the key itself opens the answer and is stored nowhere."""
        return hashlib.sha256(self.key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Replay:
    """The answer that the first request got."""

    status: int
    content_type: str
    body: bytes


def begin(keyed: Keyed) -> Replay | None:
    """Take the key for this request, or return the answer that it has got already.

    Raises:
        ConflictError: the key stands for another request.
        StillRunning: the first one has not been answered yet.
    """
    try:
        with transaction.atomic():
            IdempotentRequest.objects.create(
                caller=keyed.caller, key=keyed.row_key, fingerprint=keyed.fingerprint
            )
    except IntegrityError:
        return _answered_before(keyed)
    return None


def finish(keyed: Keyed, *, status: int, content_type: str, body: bytes) -> None:
    """Keep the answer for retries, or let them try anew when it may be another next time."""
    rows = IdempotentRequest.objects.filter(caller=keyed.caller, key=keyed.row_key)
    if status >= 500 or status in PASSING:
        rows.delete()
    else:
        sealed = _seal(keyed).encrypt(body)
        rows.update(status_code=status, content_type=content_type[:100], answer=sealed)


def forget(keyed: Keyed) -> None:
    """Let a retry try anew: the request ended without an answer that can be kept."""
    IdempotentRequest.objects.filter(caller=keyed.caller, key=keyed.row_key).delete()


def _answered_before(keyed: Keyed) -> Replay | None:
    row = IdempotentRequest.objects.filter(caller=keyed.caller, key=keyed.row_key).first()
    if row is None:
        raise _still_running(keyed)  # it failed in this moment; the next retry is the first again
    if row.fingerprint != keyed.fingerprint:
        raise ConflictError(
            f"Idempotency-Key {keyed.key!r} was used for another request.",
            hint="Make a new key for each thing that you ask for.",
        )
    if row.status_code is None:
        _take_over(keyed, row)
        return None
    try:
        body = _seal(keyed).decrypt(bytes(row.answer or b""))
    except InvalidToken as error:
        raise ConflictError(
            f"The answer kept for Idempotency-Key {keyed.key!r} cannot be read any more.",
            hint="The portal's SECRET_KEY has changed since. Look whether the thing exists.",
        ) from error
    return Replay(status=row.status_code, content_type=row.content_type, body=body)


def _take_over(keyed: Keyed, row: IdempotentRequest) -> None:
    """Take the place of a request whose process was killed.

    Raises:
        StillRunning: it may still be at work, or another retry was faster.
    """
    now = timezone.now()
    unanswered = IdempotentRequest.objects.filter(
        pk=row.pk, created=row.created, status_code__isnull=True
    )
    if row.created > now - ABANDONED or not unanswered.update(created=now):
        raise _still_running(keyed)


def _still_running(keyed: Keyed) -> StillRunning:
    return StillRunning(
        f"The first request with Idempotency-Key {keyed.key!r} is still being worked on.",
        hint="Send it again in a moment to get its answer.",
    )


def _seal(keyed: Keyed) -> Fernet:
    """Return the cipher of an answer: some hold secrets, which a database dump must not give away.

    It takes the portal's key and the caller's own, which the database does not have.
    """
    secret = f"idempotency\n{settings.SECRET_KEY}\n{keyed.caller}\n{keyed.key}"
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(secret.encode()).digest()))
