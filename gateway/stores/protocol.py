"""What a store of predictions does; every implementation passes the same contract test."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from gateway.log.reader import Position


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    """One prediction as stores take and give it; `inputs` and `outputs` are JSON texts."""

    id: UUID
    time: datetime
    deployment: str
    model: str
    version: str
    request_id: str
    caller: str
    status: int
    rows: int
    inputs: str
    outputs: str
    findings: list[str]
    model_ms: float
    total_ms: float
    traceparent: str
    backfilled: bool


@dataclass(frozen=True, slots=True)
class Query:
    """Which predictions: of one deployment ("" for all), from `start` on, before `end`."""

    deployment: str
    start: datetime | None = None
    end: datetime | None = None
    version: str = ""
    answered: bool = False
    """Only those that the model answered with success."""
    statuses: tuple[int, int] | None = None
    """Only those whose status is from the first on, below the second."""
    search: str = ""
    """Only the prediction of this id, or those of this request id."""


@dataclass(frozen=True, slots=True)
class TrafficCount:
    """How many requests of one hour took about the same time; see `deployments.traffic`."""

    deployment: str
    hour: datetime
    step: int
    failed: bool
    count: int


class PredictionStore(Protocol):
    """Keeps each prediction once, by its id, and gives them back in the order of time."""

    def write(self, rows: Sequence[StoredPrediction], *, reader: str, position: Position) -> None:
        """Keep `rows` (those already there are left alone) and the reader's new position.

        Both or neither, where the store can; otherwise the rows first: repeating is harmless.
        """

    def position(self, reader: str, slot: int) -> Position:
        """Return how far `reader` has come in the slot; the beginning if it never moved."""

    def forget_position(self, slot: int) -> None:
        """Forget all readers of a slot that was removed."""

    def get(self, prediction_id: UUID) -> StoredPrediction | None:
        """Return one prediction by its id."""

    def by_request(self, request_id: str, *, deployment: str) -> list[UUID]:
        """Return the ids of predictions that a caller's request id stands for."""

    def iterate(self, query: Query) -> Iterator[StoredPrediction]:
        """Yield the predictions of `query`, oldest first, with flat memory."""

    def count(self, query: Query) -> int:
        """Return how many predictions `query` has."""

    def newest(self, query: Query, *, limit: int, offset: int = 0) -> list[StoredPrediction]:
        """Return a page of predictions, newest first."""

    def traffic(self, deployments: Collection[str], *, start: datetime) -> Iterable[TrafficCount]:
        """Return how many requests there were since `start` (the beginning of a clock hour)."""
