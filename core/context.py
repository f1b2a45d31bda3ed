"""Who is acting now and from where, for audit entries and jobs, without passing it everywhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an act comes from: the door, address and token.

    Doors are `page`, `rest`, `mlflow`, `command` and `job`.
    """

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


def carry_token(token: str) -> None:
    """Add which token is used, which only the view finds out, to the block of `acting_from`."""
    if (here := _current.get()) is not _NOBODY:
        _current.set(replace(here, token=token))
