"""Frames survive the wire, and whatever is no frame is refused before it is read."""

import asyncio
import json
import random
import struct
from typing import Any

import pytest

from modelserver.frames import (
    LENGTHS,
    MAX_HEADER_BYTES,
    FrameError,
    RequestHeader,
    ResponseHeader,
    encode_head,
    read_frame,
    write_frame,
)

REQUEST = RequestHeader(id=7, op="invocations", content_type="text/csv", timeout_ms=1500)
RESPONSE = ResponseHeader(
    id=7, status=200, content_type="application/json", model_ms=1.25, queue_ms=0.5, warnings=("ü",)
)


def fed(wire: bytes) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    reader.feed_data(wire)
    reader.feed_eof()
    return reader


class Sink:
    """Stands for a StreamWriter and keeps what is written."""

    def __init__(self) -> None:
        self.wire = b""

    def write(self, data: bytes) -> None:
        self.wire += data

    async def drain(self) -> None:
        await asyncio.sleep(0)


async def written(header: RequestHeader | ResponseHeader, body: bytes, **limits: int) -> bytes:
    sink = Sink()
    await write_frame(sink, header, body, **limits)  # type: ignore[arg-type]
    return sink.wire


async def test_headers_and_bodies_come_back_as_they_went() -> None:
    wire = await written(REQUEST, b"a,b\n1,2\n") + await written(RESPONSE, b"")
    reader = fed(wire)
    first, second = await read_frame(reader), await read_frame(reader)
    assert first is not None and second is not None
    assert (RequestHeader.parse(first[0]), first[1]) == (REQUEST, b"a,b\n1,2\n")
    assert (ResponseHeader.parse(second[0]), second[1]) == (RESPONSE, b"")
    assert await read_frame(reader) is None


async def test_the_wire_is_two_big_endian_lengths_a_json_header_and_the_body() -> None:
    wire = await written(REQUEST, b"body")
    header_bytes, body_bytes = struct.unpack(">II", wire[:8])
    header = {"id": 7, "op": "invocations", "content_type": "text/csv", "timeout_ms": 1500}
    assert json.loads(wire[8 : 8 + header_bytes]) == header
    assert (body_bytes, wire[8 + header_bytes :]) == (4, b"body")


def test_unknown_fields_are_ignored_and_missing_ones_have_their_default() -> None:
    request = RequestHeader.parse({"id": 1, "op": "ping", "priority": 9})
    assert request == RequestHeader(id=1, op="ping", content_type="", timeout_ms=0)
    response = ResponseHeader.parse({"id": 1, "status": 200, "batch": 3})
    assert response == ResponseHeader(id=1, status=200, content_type="")


@pytest.mark.parametrize(
    "header",
    [
        {"op": "ping"},
        {"id": "1", "op": "ping"},
        {"id": True, "op": "ping"},
        {"id": 1},
        {"id": 1, "op": None},
        {"id": 1, "op": "ping", "timeout_ms": "soon"},
    ],
)
def test_a_request_header_with_a_wrong_field_is_refused_by_name(header: dict[str, Any]) -> None:
    with pytest.raises(FrameError, match=r"header has (id|op|timeout_ms)="):
        RequestHeader.parse(header)


@pytest.mark.parametrize("encoded", [b"", b"{", b"[1]", b"\xff", b"[" * 60_000])
async def test_a_header_that_is_no_json_object_is_refused(encoded: bytes) -> None:
    with pytest.raises(FrameError, match="header is"):
        await read_frame(fed(LENGTHS.pack(len(encoded), 0) + encoded))


async def test_a_frame_cut_at_any_byte_is_refused_and_never_mistaken() -> None:
    wire = await written(REQUEST, b"0123456789")
    assert await read_frame(fed(b"")) is None
    for end in range(1, len(wire)):
        with pytest.raises(FrameError, match="ended inside"):
            await read_frame(fed(wire[:end]))


async def test_lengths_over_the_limits_are_refused_before_anything_is_read() -> None:
    with pytest.raises(FrameError, match=f"over the limit of {MAX_HEADER_BYTES}"):
        await read_frame(fed(LENGTHS.pack(MAX_HEADER_BYTES + 1, 0)))
    with pytest.raises(FrameError, match="body of 11 bytes is over the limit of 10"):
        await read_frame(fed(LENGTHS.pack(2, 11) + b"{}"), max_body=10)
    assert await read_frame(fed(LENGTHS.pack(2, 10) + b"{}0123456789"), max_body=10)


async def test_a_writer_over_a_limit_writes_nothing() -> None:
    sink = Sink()
    with pytest.raises(FrameError, match="body of 5 bytes"):
        await write_frame(sink, REQUEST, b"12345", max_body=4)  # type: ignore[arg-type]
    with pytest.raises(FrameError, match="header"):
        encode_head(RequestHeader(id=1, op="x" * MAX_HEADER_BYTES), 0)
    assert sink.wire == b""


@pytest.mark.parametrize("seed", [4])
async def test_writers_on_one_connection_do_not_mix_their_frames(seed: int) -> None:
    chance = random.Random(seed)
    bodies = {n: chance.randbytes(chance.randrange(5000)) for n in range(50)}
    sink = Sink()
    await asyncio.gather(
        *(
            write_frame(sink, RequestHeader(id=n, op="ping"), body)  # type: ignore[arg-type]
            for n, body in bodies.items()
        )
    )
    reader = fed(sink.wire)
    read = {}
    while (frame := await read_frame(reader)) is not None:
        read[frame[0]["id"]] = frame[1]
    assert read == bodies
