"""Tokens in memory, for those who must answer without asking the database each time.

The gateway and the MLflow proxy look tokens up here. The table is read again when the `access`
revision has risen, which `refresh` asks at most twice a second; when the database does not answer,
the table that is there goes on serving.
"""

import logging
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from accounts.authentication import principal_of
from accounts.models import ApiToken, User
from accounts.policy import Principal
from accounts.secrets import digest_of
from accounts.services import ACCESS
from core.models import Revision

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Grant:
    """What one token stands for."""

    principal: Principal
    expires: datetime | None


class AccessTable:
    """All valid tokens by digest. Reading is a dictionary look-up; only `refresh` does I/O."""

    def __init__(self) -> None:
        self._grants: dict[str, Grant] = {}
        self._revision: tuple[int, ...] = (-1,)
        self._used: dict[int, tuple[datetime, str]] = {}

    def principal(self, secret: str, *, address: str = "") -> Principal | None:
        """Return who carries the token, or None if it is unknown, expired or revoked."""
        grant = self._grants.get(digest_of(secret))
        if grant is None:
            return None
        now = timezone.now()
        if grant.expires is not None and grant.expires <= now:
            return None
        if grant.principal.token_id is not None:
            self._used[grant.principal.token_id] = (now, address)
        return grant.principal

    def refresh(self) -> None:
        """Read the tokens again if any changed, and write down which were used."""
        revision = Revision.current(ACCESS)
        if revision != self._revision:
            self._grants = _load()
            self._revision = revision
        used, self._used = self._used, {}
        # The event loop may still be writing into the dictionary that it had in hand.
        for token_id, (time, address) in list(used.items()):
            ApiToken.objects.filter(pk=token_id).update(last_used=time, last_address=address)


def _load() -> dict[str, Grant]:
    rows = ApiToken.objects.select_related("user").filter(
        revoked__isnull=True, user__is_active=True
    )
    return {
        row.digest: Grant(principal=principal_of(row), expires=row.expires)
        for row in rows
        if row.is_valid()
    }


def principal_of_session(session_key: str) -> Principal | None:
    """Return the person who is logged in with the session cookie's value, or None."""
    session = SessionStore(session_key).load() if session_key else {}
    user_id = session.get(SESSION_KEY)
    user = User.objects.filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None:
        return None
    # The hash ties the session to the password: changing it ends every session elsewhere.
    known = session.get(HASH_SESSION_KEY, "")
    if not constant_time_compare(known, user.get_session_auth_hash()):
        return None
    return user.principal
