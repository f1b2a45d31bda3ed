"""Counts of requests by hour and latency, kept beside the predictions of the SQL store.

They are written in the transaction that writes the predictions, so that both always agree; a page
that shows a day's traffic reads a few hundred counts, not a million predictions.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import Final, Protocol

from django.conf import settings
from django.db import connections

from deployments.traffic import STEP
from gateway.models import RequestCount
from gateway.stores.protocol import TrafficCount

_LEAST_MS: Final = 0.01
# The ORM's upsert can only replace a value; a count must grow by what came.
_UPSERT: Final = """
    INSERT INTO gateway_requestcount (deployment, hour, step, failed, count)
    VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (deployment, hour, step, failed)
    DO UPDATE SET count = gateway_requestcount.count + excluded.count
"""


class Request(Protocol):
    """What is counted of a prediction."""

    @property
    def time(self) -> datetime: ...

    @property
    def deployment(self) -> str: ...

    @property
    def status(self) -> int: ...

    @property
    def total_ms(self) -> float: ...


def add(rows: Iterable[Request]) -> None:
    """Count predictions that were not counted before; call it in the transaction of their rows."""
    counted = Counter(
        (row.deployment, _hour(row), step_of(row.total_ms), row.status >= 500) for row in rows
    )
    if not counted:
        return
    connection = connections[settings.PREDICTIONS_DATABASE]
    adapt = connection.ops.adapt_datetimefield_value
    # Always in the same order, so that two nodes that count at a time do not wait for each other.
    values = [
        (deployment, adapt(hour), step, failed, count)
        for (deployment, hour, step, failed), count in sorted(counted.items())
    ]
    with connection.cursor() as cursor:
        cursor.executemany(_UPSERT, values)


def since(start: datetime, deployments: Collection[str]) -> Iterator[TrafficCount]:
    """Yield the counts of `deployments` from the clock hour `start` on."""
    rows = RequestCount.objects.filter(deployment__in=deployments, hour__gte=start)
    for row in rows.values_list("deployment", "hour", "step", "failed", "count"):
        yield TrafficCount(*row)


def step_of(milliseconds: float) -> int:
    """Return the step of latency, on the scale of `deployments.traffic`."""
    return round(math.log(max(milliseconds, _LEAST_MS)) / STEP)


def _hour(row: Request) -> datetime:
    return row.time.replace(minute=0, second=0, microsecond=0)
