"""From the log on disk into the store: everything, once, whatever is killed in between."""

import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import OperationalError, connection

from gateway import shipper
from gateway.log.record import encode
from gateway.log.writer import LogWriter
from gateway.models import LogPosition, Prediction
from gateway.shipper import is_behind, lag, log_root, ship, stored
from tests.factories import a_deployment, a_record
from tests.gateway.conftest import Write
from tests.gateway.log.support import segment_files

pytestmark = pytest.mark.django_db


def _ids() -> set[Any]:
    return set(Prediction.objects.values_list("pk", flat=True))


def test_everything_in_the_log_is_in_the_store_as_it_was(write: Write) -> None:
    moment = datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    record = a_record(time=moment, request_id="mine", findings=["x"], traceparent="00-a")
    write(record)
    assert is_behind()
    assert ship() == shipper.Shipped(records=1)
    row = Prediction.objects.get()
    assert (row.pk, row.time, row.request_id) == (record.id, moment, "mine")
    assert (row.deployment, row.version, row.caller) == ("wine", "1", "olga#1")
    assert json.loads(row.inputs) == {"columns": ["pH", "alcohol"], "data": [[3.1, 9.5]]}
    assert (json.loads(row.outputs), row.rows, row.findings) == ([1], 1, ["x"])
    assert (row.model_ms, row.total_ms, row.backfilled) == (1.5, 2.5, False)
    assert not is_behind()
    assert ship() == shipper.Shipped()


def test_shipped_twice_is_kept_once(write: Write) -> None:
    """The position was lost: everything that still is in the log comes again."""
    records = [a_record() for _ in range(5)]
    with LogWriter(log_root()) as writer:
        for record in records:
            writer.append_sync(encode(record))
        ship()
        LogPosition.objects.all().delete()
        assert ship().records == 5
        writer.append_sync(encode(a_record()))
        assert ship().records == 1
    assert Prediction.objects.count() == 6


def test_killed_between_rows_and_position_neither_is_there(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(a_record(), a_record())

    def killed(**_: object) -> None:
        raise OperationalError("the database went away")

    with monkeypatch.context() as patch:
        patch.setattr(LogPosition.objects, "update_or_create", killed)
        with pytest.raises(OperationalError):
            ship()
    assert not Prediction.objects.exists()
    assert ship().records == 2
    assert Prediction.objects.count() == 2


def test_killed_before_the_log_is_released_nothing_is_lost_or_doubled(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(a_record(), a_record())
    with monkeypatch.context() as patch:
        patch.setattr(shipper, "release", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ship()
    assert ship().records == 0
    assert Prediction.objects.count() == 2
    assert segment_files(log_root()) == []


def test_killed_before_a_slots_position_is_forgotten_its_next_writer_is_read(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = a_record(), a_record()
    write(first)
    with monkeypatch.context() as patch:
        patch.setattr("gateway.stores.sql.SqlStore.forget_position", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            ship()
    write(second)
    ship()
    assert _ids() == {first.id, second.id}


def test_what_a_dead_writer_left_is_shipped_and_removed_and_a_live_one_is_followed(
    write: Write,
) -> None:
    write(a_record())
    with LogWriter(log_root()) as live:
        live.append_sync(encode(a_record()))
        assert ship().records == 2
        live.append_sync(encode(a_record()))
        assert lag() > 0
        assert ship().records == 1
        assert lag() == 0
    ship()
    assert segment_files(log_root()) == []
    assert not LogPosition.objects.exists()


def test_two_writers_at_once_are_both_read(write: Write) -> None:
    with LogWriter(log_root()) as one, LogWriter(log_root()) as two:
        for writer in (one, two, one):
            writer.append_sync(encode(a_record()))
        assert ship().records == 3
    assert Prediction.objects.count() == 3


DEEP = b"[" * 5000 + b"]" * 5000


@pytest.mark.parametrize(
    ("fields", "inputs"),
    [
        ({"body": b"not json"}, {"raw": "not json"}),
        ({"body": b"\xff\x00"}, {"raw": "\ufffd\x00"}),
        ({"body": DEEP}, {"raw": DEEP[:4000].decode()}),
        ({"body": b'{"dataframe_split": 5}'}, {"raw": '{"dataframe_split": 5}'}),
        ({"body": b"a,b\n1,2\n1,2,3", "content_type": "text/csv"}, {"raw": "a,b\n1,2\n1,2,3"}),
        ({"body": b"PAR1", "content_type": "application/vnd.apache.parquet"}, {"raw": "PAR1"}),
        ({"answer": DEEP}, None),
        ({"answer": b"\xff"}, None),
        ({"body": b'{"inputs": 1180591620717411303424}'}, {"raw": 1180591620717411303424}),
        ({"body": b"", "status": 400}, {"raw": ""}),
    ],
    ids=range(10),
)
def test_no_record_whatever_stops_those_behind_it(
    write: Write, fields: dict[str, Any], inputs: dict[str, Any] | None
) -> None:
    odd, plain = a_record(**fields), a_record()
    write(odd, plain)
    assert ship().records == 2
    assert _ids() == {odd.id, plain.id}
    if inputs is not None:
        assert json.loads(Prediction.objects.get(pk=odd.id).inputs) == inputs


def test_a_record_that_is_none_is_left_out_and_told(
    write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    with LogWriter(log_root()) as writer:
        writer.append_sync(b"no record")
        writer.append_sync(encode(a_record()))
    assert ship().records == 1
    assert "left out" in caplog.text


def test_names_of_the_signature_are_given_to_bodies_without_any(write: Write) -> None:
    a_deployment(name="wine")
    write(a_record(body=b'{"inputs": [[3.1, 9.5]]}'))
    ship()
    assert json.loads(Prediction.objects.get().inputs)["columns"] == ["pH", "alcohol"]


@pytest.mark.django_db(transaction=True)
def test_shippers_at_once_wait_for_each_other_and_keep_everything_once(write: Write) -> None:
    records = [a_record() for _ in range(200)]
    write(*records)
    start = threading.Barrier(3)
    shipped: list[int] = []
    behind: list[bool] = []

    def work() -> None:
        try:
            start.wait()
            shipped.append(ship().records)
            behind.append(is_behind())
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(shipped) == 200
    assert not any(behind), "whoever returns has everything in the store"
    assert _ids() == {record.id for record in records}


def test_a_large_log_is_moved_in_batches(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipper, "_BATCH_BYTES", 2000)
    write(*(a_record() for _ in range(50)))
    assert ship().records == 50
    assert Prediction.objects.count() == 50


def test_a_time_before_now_keeps_its_microseconds() -> None:
    moment = datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    assert stored(a_record(time=moment), []).time == moment
