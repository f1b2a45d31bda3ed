"""The registry of what can run in the background, filled by each app's `tasks` module."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.errors import NotFoundError

if TYPE_CHECKING:
    from core.jobs.runner import JobRun

Handler = Callable[["JobRun"], dict[str, Any] | None]

DEFAULT_QUEUE = "portal"
NODE_QUEUE_PREFIX = "node."
"""Queues of one machine: its node agent looks into the database itself, no message is sent."""


@dataclass(frozen=True, slots=True)
class JobKind:
    """What runs under a name: its handler, how people call it, and how often it is tried."""

    name: str
    title: str
    handler: Handler
    max_attempts: int


_kinds: dict[str, JobKind] = {}


def job(name: str, *, title: str, max_attempts: int = 3) -> Callable[[Handler], Handler]:
    """Register the decorated function as the handler of jobs of kind `name`.

    The handler must be safe to run again after it was cut off at any line.
    """

    def register(handler: Handler) -> Handler:
        _kinds[name] = JobKind(name=name, title=title, handler=handler, max_attempts=max_attempts)
        return handler

    return register


def kind(name: str) -> JobKind:
    """Return the kind called `name`.

    Raises:
        NotFoundError: no app registers it (any more).
    """
    try:
        return _kinds[name]
    except KeyError:
        raise NotFoundError(
            f"There is no background work called {name!r}.",
            hint="It may belong to another version of the portal.",
            permanent=True,
        ) from None


def title_of(name: str) -> str:
    """Return how people call jobs of kind `name`."""
    return _kinds[name].title if name in _kinds else name


def node_queue(node: str) -> str:
    """Return the queue of work that must run on machine `node`."""
    return f"{NODE_QUEUE_PREFIX}{node}"
