"""Reads of predictions and truths; what was answered before the read is always in it."""

import logging
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any, overload
from uuid import UUID

from django.utils import timezone

from core.errors import NotFoundError
from deployments.traffic import HOURS, Traffic
from gateway.models import Truth
from gateway.shipper import is_behind, ship
from gateway.stores import StoredPrediction, store
from gateway.stores.protocol import Query

logger = logging.getLogger(__name__)

_CHUNK = 500


def up_to_date() -> None:
    """Bring the store up to this moment, so that a read sees every answer that has left."""
    if is_behind():
        ship()


def predictions(query: Query) -> Iterator[StoredPrediction]:
    """Yield predictions, oldest first, with flat memory."""
    up_to_date()
    return store().iterate(query)


def page(query: Query, *, limit: int, offset: int = 0) -> list[StoredPrediction]:
    """Return a page of predictions, newest first."""
    up_to_date()
    return store().newest(query, limit=limit, offset=offset)


def count(query: Query) -> int:
    """Return how many predictions there are."""
    up_to_date()
    return store().count(query)


def prediction(prediction_id: UUID) -> StoredPrediction:
    """Return one prediction.

    Raises:
        NotFoundError: there is none of that id.
    """
    up_to_date()
    row = store().get(prediction_id)
    if row is None:
        raise NotFoundError(f"There is no prediction {prediction_id}.")
    return row


def with_truths(
    rows: Iterable[StoredPrediction],
) -> Iterator[tuple[StoredPrediction, dict[int, Any]]]:
    """Yield each prediction with what its rows should have been, as far as that is known."""
    source = iter(rows)
    while chunk := list(islice(source, _CHUNK)):
        known: dict[UUID, dict[int, Any]] = {}
        for truth in Truth.objects.filter(prediction__in=[row.id for row in chunk]):
            known.setdefault(truth.prediction, {})[truth.row] = truth.value
        for row in chunk:
            yield row, known.get(row.id, {})


class Found(Sequence[StoredPrediction]):
    """The predictions of a query, newest first, for a paginator: counted, then one slice read."""

    def __init__(self, query: Query) -> None:
        self._query = query

    def __len__(self) -> int:
        return count(self._query)

    @overload
    def __getitem__(self, part: int) -> StoredPrediction: ...

    @overload
    def __getitem__(self, part: slice) -> list[StoredPrediction]: ...

    def __getitem__(self, part: int | slice) -> StoredPrediction | list[StoredPrediction]:
        if isinstance(part, int):
            return page(self._query, limit=1, offset=part)[0]
        first = part.start or 0
        return page(self._query, limit=(part.stop or 0) - first, offset=first)


def traffic(names: Collection[str]) -> dict[str, Traffic]:
    """Return the last 24 clock hours, the present one included, of deployments that were asked."""
    up_to_date()
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=HOURS - 1)
    by_hour: defaultdict[str, list[int]] = defaultdict(lambda: [0] * HOURS)
    latencies: defaultdict[str, Counter[int]] = defaultdict(Counter)
    failed: Counter[str] = Counter()
    for entry in store().traffic(names, start=first):
        # A sender whose clock runs ahead asks in this hour.
        place = min((entry.hour - first) // timedelta(hours=1), HOURS - 1)
        by_hour[entry.deployment][place] += entry.count
        latencies[entry.deployment][entry.step] += entry.count
        failed[entry.deployment] += entry.count if entry.failed else 0
    return {
        name: Traffic(tuple(hours), failed=failed[name], latencies=latencies[name])
        for name, hours in by_hour.items()
    }
