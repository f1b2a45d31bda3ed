"""Where versions are served: the registry asks, as it knows nobody above it."""

from collections.abc import Collection
from dataclasses import dataclass

from core.questions import Question


@dataclass(frozen=True, slots=True)
class Place:
    """A name under which a version answers (or is to answer), how it stands, and its page."""

    name: str
    model: str
    version: str
    status: str
    """A word of `core.statuses`."""
    url: str


def _nowhere(models: Collection[str]) -> list[Place]:
    """Return the places where versions of `models` are served, by name."""
    del models
    return []


places = Question(_nowhere)


def by_model(models: Collection[str]) -> dict[str, list[Place]]:
    """Return the places of each of `models` that is served anywhere."""
    found: dict[str, list[Place]] = {}
    for place in places(models):
        found.setdefault(place.model, []).append(place)
    return found
