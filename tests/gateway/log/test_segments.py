"""Segment files: the bytes are those the docstring promises."""

import struct
import time
import zlib
from pathlib import Path

import pytest

from gateway.log.segments import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    decode_header,
    encode_header,
    encode_prefix,
    new_header,
    next_sequence,
    payload_length,
    segment_path,
    sequences,
)
from tests.gateway.log.support import a_closed_segment


def test_a_file_holds_the_documented_bytes(tmp_path: Path) -> None:
    before = time.time_ns()
    data = a_closed_segment(tmp_path / "log", [b"first", b"second!"]).read_bytes()
    assert data[0:8] == b"PORTALOG"
    assert int.from_bytes(data[8:12], "little") == 1
    marker = data[12:16]
    assert before <= int.from_bytes(data[16:24], "little") <= time.time_ns()
    assert data[24:32] == bytes(8)
    assert int.from_bytes(data[32:36], "little") == zlib.crc32(data[:32])
    expected = b""
    for payload in (b"first", b"second!"):
        start = marker + struct.pack("<I", len(payload))
        expected += start + struct.pack("<I", zlib.crc32(start + payload)) + payload
    assert data[36:] == expected


def test_a_header_comes_back_as_it_was() -> None:
    header = new_header(previous=7)
    assert decode_header(encode_header(header) + b"records") == header


@pytest.mark.parametrize("offset", range(HEADER_SIZE))
def test_a_header_with_one_wrong_byte_is_none(offset: int) -> None:
    data = bytearray(encode_header(new_header(previous=1)))
    data[offset] ^= 0x40
    assert decode_header(bytes(data)) is None


def test_a_prefix_announces_only_lengths_that_can_be() -> None:
    marker = b"mark"
    assert payload_length(marker, encode_prefix(marker, b"abc")) == 3
    assert payload_length(b"kram", encode_prefix(marker, b"abc")) is None
    assert payload_length(marker, encode_prefix(marker, b"abc")[:-1]) is None
    assert payload_length(bytes(4), bytes(12)) is None
    assert payload_length(marker, struct.pack("<4sII", marker, MAX_PAYLOAD + 1, 0)) is None


def test_only_segment_names_are_listed_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("lock", "x.seg", "12.seg.tmp", ".seg"):
        (tmp_path / name).touch()
    for sequence in (10**15, 9, 12):
        segment_path(tmp_path, sequence).touch()
    assert sequences(tmp_path) == [9, 12, 10**15]
    assert sequences(tmp_path / "absent") == []


def test_an_empty_folder_does_not_begin_at_a_number_used_before() -> None:
    assert next_sequence([3, 9]) == 10
    assert abs(next_sequence([]) - time.time() * 1e6) < 1e6
    assert segment_path(Path("f"), next_sequence([])).name[0] != "0"
