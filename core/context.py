"""Who is acting now and from where, for audit entries and jobs, without passing it everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act comes from: the door (`page`, `rest`, `command`, `job`), address and token."""

    door: str = "command"
    address: str = ""
    token: str = ""


_NOBODY = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=_NOBODY)


def origin() -> Origin:
    """Return where the current act comes from."""
    return _current.get()


@contextmanager
def acting_from(new: Origin) -> Iterator[None]:
    """Set where acts within the block come from."""
    token = _current.set(new)
    try:
        yield
    finally:
        _current.reset(token)
