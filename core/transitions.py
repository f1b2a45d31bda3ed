"""Compare-and-set of a row's status: the only way a status moves."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

from core.errors import ConflictError

Row = TypeVar("Row", bound=models.Model)


def move(row: Row, *, from_: Iterable[str] | str, to: str, **fields: Any) -> Row:
    """Move `row.status` to `to` if it still is one of `from_`, and set `fields` with it.

    It is one UPDATE that must hit exactly one row, so two processes cannot both win. The row in
    hand then carries the new values.

    Raises:
        ConflictError: the row is in another state by now, or gone.
    """
    if not try_move(row, from_=from_, to=to, **fields):
        raise ConflictError(
            f"{row} cannot become {to}: it is not {_words(from_)} any more.",
            hint="Load it again and decide anew.",
        )
    return row


def try_move(row: Row, *, from_: Iterable[str] | str, to: str, **fields: Any) -> bool:
    """Do as `move` does, and say whether this caller won instead of raising."""
    states = [from_] if isinstance(from_, str) else list(from_)
    manager = type(row)._default_manager
    hit = manager.filter(pk=row.pk, status__in=states).update(status=to, **fields)
    if not hit:
        return False
    for name, value in {"status": to, **fields}.items():
        setattr(row, name, value)
    return True


def _words(states: Iterable[str] | str) -> str:
    return states if isinstance(states, str) else " or ".join(states)
