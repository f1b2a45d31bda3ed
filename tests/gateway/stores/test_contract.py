"""What every store of predictions does; a new one is one more entry of STORES."""

import math
import random
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gateway.log.reader import Position
from gateway.stores import PredictionStore, StoredPrediction, sql
from gateway.stores.protocol import Query

pytestmark = pytest.mark.django_db

STORES: list[Callable[[], PredictionStore]] = [sql.SqlStore]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture(params=STORES, ids=lambda make: make.__name__)
def store(request: pytest.FixtureRequest) -> PredictionStore:
    made: PredictionStore = request.param()
    return made


def _prediction(**fields: Any) -> StoredPrediction:
    values: dict[str, Any] = {
        "id": uuid.uuid4(),
        "time": NOON,
        "deployment": "wine",
        "model": "wine",
        "version": "1",
        "request_id": "r",
        "caller": "olga#1",
        "status": 200,
        "rows": 1,
        "inputs": '{"columns":["pH"],"data":[[3.10]]}',
        "outputs": "[1]",
        "findings": ["ü", "x"],
        "model_ms": 1.25,
        "total_ms": 2.5,
        "traceparent": "00-a",
        "backfilled": True,
    }
    return StoredPrediction(**(values | fields))


def _write(store: PredictionStore, *rows: StoredPrediction, at: int = 1) -> None:
    store.write(rows, reader="shipper", position=Position(0, at, 36))


def _found(store: PredictionStore, **query: Any) -> list[StoredPrediction]:
    return list(store.iterate(Query(deployment="wine", **query)))


def test_a_prediction_comes_back_as_it_was_given(store: PredictionStore) -> None:
    row = _prediction(time=NOON + timedelta(microseconds=1))
    _write(store, row)
    assert store.get(row.id) == row
    assert _found(store) == [row]
    assert store.get(uuid.uuid4()) is None


def test_one_that_comes_again_is_left_as_it_is(store: PredictionStore) -> None:
    row = _prediction()
    _write(store, row)
    _write(store, replace(row, outputs="[2]"), _prediction())
    assert store.get(row.id) == row
    assert store.count(Query(deployment="wine")) == 2


def test_the_position_of_a_reader_is_kept_per_slot_and_forgotten_with_it(
    store: PredictionStore,
) -> None:
    assert store.position("shipper", 0) == Position(0)
    _write(store, at=5)
    assert store.position("shipper", 0) == Position(0, 5, 36)
    assert store.position("shipper", 1) == Position(1)
    assert store.position("profiler", 0) == Position(0)
    _write(store, at=6)
    assert store.position("shipper", 0) == Position(0, 6, 36)
    store.forget_position(0)
    assert store.position("shipper", 0) == Position(0)


def test_order_is_by_time_both_ways_and_equal_times_are_stable(store: PredictionStore) -> None:
    rows = [_prediction(time=NOON + timedelta(seconds=number // 3)) for number in range(9)]
    shuffled = random.Random(7).sample(rows, k=9)
    _write(store, *shuffled)
    found = _found(store)
    assert [row.time for row in found] == sorted(row.time for row in rows)
    assert store.newest(Query(deployment="wine"), limit=100) == found[::-1]
    assert store.newest(Query(deployment="wine"), limit=2, offset=3) == found[::-1][3:5]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, "abcd"),
        ({"start": NOON}, "bcd"),
        ({"end": NOON}, "a"),
        ({"start": NOON, "end": NOON + timedelta(microseconds=1)}, "b"),
        ({"version": "2"}, "d"),
        ({"answered": True}, "abd"),
        ({"start": NOON + timedelta(days=9)}, ""),
    ],
)
def test_a_range_has_its_start_and_not_its_end(
    store: PredictionStore, query: dict[str, Any], expected: str
) -> None:
    microsecond = timedelta(microseconds=1)
    _write(
        store,
        _prediction(request_id="a", time=NOON - microsecond),
        _prediction(request_id="b", time=NOON),
        _prediction(request_id="c", time=NOON + microsecond, status=422),
        _prediction(request_id="d", time=NOON + timedelta(days=1), version="2"),
        _prediction(request_id="x", deployment="beer"),
    )
    assert "".join(row.request_id for row in _found(store, **query)) == expected
    assert store.count(Query(deployment="wine", **query)) == len(expected)


def test_a_request_id_stands_for_those_of_its_deployment(store: PredictionStore) -> None:
    one, two = _prediction(request_id="r1"), _prediction(request_id="r1")
    _write(store, one, two, _prediction(request_id="r1", deployment="beer"))
    assert set(store.by_request("r1", deployment="wine")) == {one.id, two.id}
    assert store.by_request("r2", deployment="wine") == []


def test_a_long_list_is_read_in_chunks_without_gap_or_double(
    store: PredictionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when many have the very same time, and while others are written."""
    monkeypatch.setattr(sql, "_CHUNK", 7)
    rows = [_prediction(time=NOON + timedelta(seconds=number // 10)) for number in range(50)]
    _write(store, *rows)
    seen = []
    for number, row in enumerate(store.iterate(Query(deployment="wine"))):
        seen.append(row.id)
        if number == 20:
            _write(store, _prediction(time=NOON - timedelta(days=1)))
    assert len(seen) == len(set(seen)) == 50
    assert set(seen) == {row.id for row in rows}


def test_counts_are_those_of_a_scan_however_often_a_record_is_written(
    store: PredictionStore,
) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    rows = [
        _prediction(
            time=NOON + timedelta(seconds=chance.uniform(0, 5 * 3600)),
            deployment=chance.choice(["wine", "taxi", "other"]),
            status=chance.choice([200, 200, 422, 500, 503]),
            total_ms=chance.lognormvariate(2, 1.5),
        )
        for _ in range(1300)
    ]
    store.write(rows[:700], reader="shipper", position=Position(0, 0, 1))
    store.write([*rows[300:], *rows[:9]], reader="shipper", position=Position(0, 0, 2))
    store.write(rows, reader="shipper", position=Position(0, 0, 3))
    start = NOON + timedelta(hours=2)
    scanned = Counter(
        (row.deployment, row.time.hour, round(math.log(row.total_ms, 1.1)), row.status >= 500)
        for row in rows
        if row.time >= start and row.deployment != "other"
    )
    counted = list(store.traffic(["wine", "taxi"], start=start))
    found = {(c.deployment, c.hour.hour, c.step, c.failed): c.count for c in counted}
    assert len(found) == len(counted)
    assert found == dict(scanned), f"seed {seed}"


def test_a_write_that_fails_counts_nothing(
    store: PredictionStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch, pytest.raises(ZeroDivisionError):
        patch.setattr("gateway.models.LogPosition.objects.update_or_create", lambda **_: 1 / 0)
        store.write([_prediction()], reader="shipper", position=Position(0, 0, 1))
    assert list(store.traffic(["wine"], start=NOON)) == []
