"""One prediction as it is kept in the log, its bytes, and its id.

A record is a msgpack array. Its first element is the format version; later releases may add
elements at the end with a default, and take a new version when a reader of this one would
misunderstand them.
"""

import os
import threading
import time
import uuid

import msgspec

from gateway.log.errors import LogFormatError

FORMAT = 1


class Record(msgspec.Struct, array_like=True, frozen=True, kw_only=True, tag=FORMAT):
    """One answered prediction request: what came, what went, by which model, for whom."""

    id: uuid.UUID
    """UUIDv7, ours: the key under which stores keep it once."""
    time: int
    """When the request came, ns since the epoch, UTC."""
    deployment: str
    model: str
    version: str
    request_id: str
    """The caller's, who may repeat it."""
    caller: str
    """Id of the token or user."""
    status: int
    """HTTP status of the answer."""
    content_type: str
    """Of the request's body."""
    body: bytes
    """The request as received."""
    answer: bytes
    model_ms: float
    total_ms: float
    traceparent: str = ""
    findings: list[str] = []
    """Names of the data findings in this request."""
    backfilled: bool = False
    """Whether it was brought in later, not answered by the gateway at `time`."""


class _Head(msgspec.Struct, array_like=True):
    version: int


_encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
_decoder = msgspec.msgpack.Decoder(Record)
_head = msgspec.msgpack.Decoder(_Head)


def encode(record: Record) -> bytes:
    """The payload to append to the log."""
    return _encoder.encode(record)


def decode(payload: bytes) -> Record:
    """The record in `payload`; LogFormatError when it is newer than this release, or none."""
    try:
        return _decoder.decode(payload)
    except msgspec.DecodeError as error:
        version = _version(payload)
        if version is not None and version > FORMAT:
            raise LogFormatError(
                f"A log record has format {version}; this release reads {FORMAT}.",
                hint="Start the newer release again; no record is lost.",
            ) from error
        raise LogFormatError(
            f"A log record of {len(payload)} bytes cannot be read: {error}."
        ) from (error)


def _version(payload: bytes) -> int | None:
    try:
        return _head.decode(payload).version
    except msgspec.DecodeError:
        return None


_TICKS_PER_MS = 1 << 12
_last_tick = 0
_tick_lock = threading.Lock()


def new_id(time_ns: int | None = None) -> uuid.UUID:
    """A UUIDv7 (RFC 9562, 5.7) of now, or of `time_ns` since the epoch for a record of the past.

    48 bits of milliseconds, 12 bits of their fraction (6.2, method 3) and 62 random bits. Ids of
    now ascend strictly within a process, also when the clock is set back; those of forks differ by
    the random bits.
    """
    global _last_tick
    if time_ns is None:
        with _tick_lock:
            tick = _last_tick = max(_tick(time.time_ns()), _last_tick + 1)
    else:
        tick = _tick(time_ns)
    milliseconds, fraction = divmod(tick, _TICKS_PER_MS)
    value = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62
    return uuid.UUID(int=value | int.from_bytes(os.urandom(8)) >> 2)


def _tick(time_ns: int) -> int:
    return time_ns * _TICKS_PER_MS // 1_000_000
