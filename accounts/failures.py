"""Counting failed log-ins, so that the audit tells of them without being filled by them."""

import logging
import threading
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

logger = logging.getLogger(__name__)

_SPAN: Final = timedelta(hours=1)
_MOST_ENTRIES: Final = 200
_MOST_COUNTED: Final = 10_000


class FailureCount:
    """Failed log-ins of an hour by account and address, in the memory of one web process.

    The 1st, 2nd, 4th, 8th … of each pair is worth an entry, and 200 an hour altogether: whoever
    guesses from many addresses shall not fill the database.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begun = timezone.now()
        self._counts: dict[tuple[str, str], int] = {}
        self._entries = 0

    def add(self, account: str, address: str, *, now: datetime | None = None) -> int | None:
        """Count one more; return how many there were this hour if that is worth an entry."""
        now = now or timezone.now()
        with self._lock:
            if not timedelta(0) <= now - self._begun < _SPAN:
                self._begun, self._entries = now, 0
                self._counts.clear()
            key = (account, address)
            if key not in self._counts and len(self._counts) >= _MOST_COUNTED:
                return None
            count = self._counts[key] = self._counts.get(key, 0) + 1
            # A power of two has one bit.
            if count & (count - 1) or self._entries >= _MOST_ENTRIES:
                return None
            self._entries += 1
            if self._entries == _MOST_ENTRIES:
                logger.warning(
                    "%s audit entries of failed log-ins within an hour; the next follow in the "
                    "next hour.",
                    _MOST_ENTRIES,
                )
            return count
