"""Predictions in an SQL database: SQLite or PostgreSQL, the portal's own or another."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from gateway.log.reader import Position
from gateway.models import LogPosition, Prediction
from gateway.stores import counts
from gateway.stores.protocol import Query, StoredPrediction, TrafficCount

_NAMES = tuple(field.name for field in fields(StoredPrediction))
_CHUNK = 1000
_WRITTEN_AT_ONCE = 500


class SqlStore:
    """Keeps predictions as rows; the reader's position moves in the same transaction."""

    def write(self, rows: Sequence[StoredPrediction], *, reader: str, position: Position) -> None:
        """Keep `rows`, their counts and the reader's position, all or nothing."""
        with transaction.atomic(using=settings.PREDICTIONS_DATABASE):
            for first in range(0, len(rows), _WRITTEN_AT_ONCE):
                _write(rows[first : first + _WRITTEN_AT_ONCE])
            LogPosition.objects.update_or_create(
                reader=reader,
                node=settings.NODE,
                slot=position.slot,
                defaults={"position": str(position), "moved": timezone.now()},
            )

    def position(self, reader: str, slot: int) -> Position:
        """Return how far `reader` has come in the slot; the beginning if it never moved."""
        row = LogPosition.objects.filter(reader=reader, node=settings.NODE, slot=slot).first()
        return Position.parse(row.position) if row else Position(slot)

    def forget_position(self, slot: int) -> None:
        """Forget all readers of a slot that was removed."""
        LogPosition.objects.filter(node=settings.NODE, slot=slot).delete()

    def get(self, prediction_id: UUID) -> StoredPrediction | None:
        """Return one prediction by its id."""
        row = Prediction.objects.filter(pk=prediction_id).values(*_NAMES).first()
        return StoredPrediction(**row) if row else None

    def by_request(self, request_id: str, *, deployment: str) -> list[UUID]:
        """Return the ids of predictions that a caller's request id stands for."""
        rows = Prediction.objects.filter(request_id=request_id, deployment=deployment)
        return list(rows.values_list("pk", flat=True)[:10])

    def iterate(self, query: Query) -> Iterator[StoredPrediction]:
        """Yield the predictions of `query`, oldest first, a chunk in memory at a time.

        It goes on by key, not by a cursor held open: a reader that takes an hour blocks nobody,
        and SQLite's writers go on.
        """
        rows = _rows(query).order_by("time", "pk")
        last: StoredPrediction | None = None
        while True:
            page = rows
            if last is not None:
                page = rows.filter(Q(time__gt=last.time) | Q(time=last.time, pk__gt=last.id))
            chunk = [StoredPrediction(**row) for row in page.values(*_NAMES)[:_CHUNK]]
            yield from chunk
            if len(chunk) < _CHUNK:
                return
            last = chunk[-1]

    def count(self, query: Query) -> int:
        """Return how many predictions `query` has."""
        return _rows(query).count()

    def newest(self, query: Query, *, limit: int, offset: int = 0) -> list[StoredPrediction]:
        """Return a page of predictions, newest first."""
        page = _rows(query).order_by("-time", "-pk").values(*_NAMES)[offset : offset + limit]
        return [StoredPrediction(**row) for row in page]

    def traffic(self, deployments: Collection[str], *, start: datetime) -> Iterable[TrafficCount]:
        """Return how many requests there were since `start`, the beginning of an hour."""
        return counts.since(start, deployments)


def _write(rows: Iterable[StoredPrediction]) -> None:
    """Keep and count those of `rows` that are not there yet.

    Should another writer have brought one of them meanwhile, all of it is undone: nothing may be
    counted twice, and what is repeated finds them.
    """
    by_id = {row.id: row for row in rows}
    there = Prediction.objects.filter(pk__in=by_id).values_list("pk", flat=True)
    for known in there:
        del by_id[known]
    Prediction.objects.bulk_create([Prediction(**asdict(row)) for row in by_id.values()])
    counts.add(by_id.values())


def _rows(query: Query) -> QuerySet[Prediction]:
    rows = Prediction.objects.all()
    if query.deployment:
        rows = rows.filter(deployment=query.deployment)
    if query.start is not None:
        rows = rows.filter(time__gte=query.start)
    if query.end is not None:
        rows = rows.filter(time__lt=query.end)
    if query.version:
        rows = rows.filter(version=query.version)
    if query.answered:
        rows = rows.filter(status=200)
    if query.statuses is not None:
        first, beyond = query.statuses
        rows = rows.filter(status__gte=first, status__lt=beyond)
    if query.search:
        rows = rows.filter(_named(query.search))
    return rows


def _named(text: str) -> Q:
    """Return the condition that a row is the prediction of an id, or of a request id."""
    try:
        return Q(pk=UUID(text)) | Q(request_id=text)
    except ValueError:
        return Q(request_id=text)
