"""The shipper: it moves records from the log on this node's disk into the store.

It may be killed at any line and run in any number of processes: a lock on the log keeps one at
work at a time, and a record that is shipped twice is kept once, by its id.
"""

import fcntl
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec

from core.folders import private_folder
from deployments import selectors as deployments
from gateway.log.errors import LogFormatError
from gateway.log.reader import read
from gateway.log.record import Record, decode
from gateway.log.retention import end, lag_bytes, release
from gateway.log.slots import slots
from gateway.stores import PredictionStore, StoredPrediction, store
from gateway.tables import Table, outputs_of, raw, row_count, table_of

logger = logging.getLogger(__name__)

READER: Final = "shipper"
_BATCH_BYTES: Final = 4 << 20
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Shipped:
    """What one run of the shipper did."""

    records: int = 0
    torn: int = 0
    damaged: int = 0


def log_root() -> Path:
    """Return the folder of this node's prediction log."""
    return private_folder("log")


def ship() -> Shipped:
    """Move everything that is in the log now into the store; return what was moved.

    Waits while another process does so: when it returns, every answer that left before the call
    is in the store.
    """
    done = Shipped()
    root, target = log_root(), store()
    with _only_one(root):
        names = deployments.input_names()
        for slot in slots(root):
            done = _add(done, _ship_slot(root, slot, target, names))
    return done


def is_behind() -> bool:
    """Say whether the log holds anything that the store has not."""
    return lag() > 0


def lag() -> int:
    """Return how many bytes of this node's log are not in the store yet."""
    root, target = log_root(), store()
    return sum(lag_bytes(root, slot, target.position(READER, slot)) for slot in slots(root))


def _ship_slot(
    root: Path, slot: int, target: PredictionStore, names: dict[str, list[str]]
) -> Shipped:
    done = Shipped()
    position = target.position(READER, slot)
    goal = end(root, slot)
    while True:
        batch = read(root, slot, position, max_bytes=_BATCH_BYTES)
        rows = [row for _, payload in batch.records if (row := _row(payload, names)) is not None]
        for damage in batch.damages:
            logger.error("The prediction log is damaged: %s", damage)
        if batch.next != position:
            target.write(rows, reader=READER, position=batch.next)
        position = batch.next
        done = _add(done, Shipped(len(rows), batch.torn, len(batch.damages)))
        if batch.at_end or position >= goal:
            break
    release(root, slot, [position])
    if slot not in slots(root):
        target.forget_position(slot)
    return done


def _row(payload: bytes, names: dict[str, list[str]]) -> StoredPrediction | None:
    try:
        record = decode(payload)
    except LogFormatError as error:
        logger.error("A record of the prediction log was left out: %s", error)
        return None
    return stored(record, names.get(record.deployment, []))


def stored(record: Record, names: list[str]) -> StoredPrediction:
    """Return the record as stores keep it, its body read as a table."""
    table, inputs, outputs = _texts(record, names)
    return StoredPrediction(
        id=record.id,
        time=_EPOCH + timedelta(microseconds=record.time // 1000),
        deployment=record.deployment,
        model=record.model,
        version=record.version,
        request_id=record.request_id,
        caller=record.caller,
        status=record.status,
        rows=row_count(table),
        inputs=inputs,
        outputs=outputs,
        findings=list(record.findings),
        model_ms=record.model_ms,
        total_ms=record.total_ms,
        traceparent=record.traceparent,
        backfilled=record.backfilled,
    )


def _texts(record: Record, names: list[str]) -> tuple[Table, str, str]:
    """Return the inputs as a table, and inputs and outputs as JSON texts."""
    try:
        table = table_of(record.body, record.content_type, names=names)
        outputs = outputs_of(record.answer)
        texts = (_json_text(table), _json_text(outputs))
    # An edge: callers and models send what they like, and one record that cannot be read (nested a
    # thousand deep, say) must not stop all that come behind it.
    except Exception:
        logger.exception("Prediction %s is kept as it came, not as a table.", record.id)
        table = raw(record.body)
        texts = (_json_text(table), _json_text(raw(record.answer)["raw"]))
    return (table, *texts)


def _json_text(value: object) -> str:
    return msgspec.json.encode(value).decode()


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
    with (root / "shipper.lock").open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _add(one: Shipped, other: Shipped) -> Shipped:
    return Shipped(one.records + other.records, one.torn + other.torn, one.damaged + other.damaged)
