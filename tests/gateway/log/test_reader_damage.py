"""Damage on disk is reported with its place and never hides a sound record."""

import os
import random
import time
from pathlib import Path

import pytest

from gateway.log.reader import Position, read
from gateway.log.segments import HEADER_SIZE, encode_prefix
from gateway.log.writer import LogWriter
from tests.gateway.log.support import a_closed_segment, append_some, read_all, segment_files

PAYLOADS = [b"record %d " % n * 3 for n in range(8)]
FRAMED = 12 + len(PAYLOADS[0])


def test_one_wrong_byte_costs_at_most_its_record_and_is_reported(tmp_path: Path) -> None:
    root = tmp_path / "log"
    path = a_closed_segment(root, PAYLOADS)
    data = path.read_bytes()
    assert len(data) == HEADER_SIZE + len(PAYLOADS) * FRAMED
    for offset in range(len(data)):
        damaged = bytearray(data)
        damaged[offset] ^= 1 << offset % 8
        path.write_bytes(damaged)
        found = read_all(root)
        if offset < HEADER_SIZE:
            assert found.payloads == PAYLOADS
            assert [(damage.path, damage.offset) for damage in found.damages] == [(path, 0)]
            continue
        hit = (offset - HEADER_SIZE) // FRAMED
        assert found.payloads == PAYLOADS[:hit] + PAYLOADS[hit + 1 :]
        if hit == len(PAYLOADS) - 1:
            assert (found.torn, found.damages) == (1, [])
        else:
            (damage,) = found.damages
            start = HEADER_SIZE + hit * FRAMED
            assert (damage.path, damage.offset) == (path, start)
            assert (damage.until, found.torn) == (start + FRAMED, 0)


def test_random_damage_never_stops_the_reader(tmp_path: Path, rng: random.Random) -> None:
    root = tmp_path / "log"
    path = a_closed_segment(root, PAYLOADS)
    data = path.read_bytes()
    for _ in range(300):
        damaged = bytearray(data)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(damaged) + 1)
            match rng.randrange(4):
                case 0:
                    damaged[at : at + 1] = rng.randbytes(1)
                case 1:
                    damaged[at : at + rng.randrange(60)] = bytes(rng.randrange(60))
                case 2:
                    del damaged[at:]
                case 3:
                    damaged += rng.randbytes(rng.randrange(50))
        path.write_bytes(damaged)
        found = read_all(root, max_bytes=rng.randrange(1, 200))
        assert set(found.payloads) <= set(PAYLOADS)
        if damaged[:HEADER_SIZE] == data[:HEADER_SIZE]:
            framed = {
                payload: encode_prefix(data[12:16], payload) + payload for payload in PAYLOADS
            }
            assert found.payloads == [payload for payload in PAYLOADS if framed[payload] in damaged]


def test_damage_is_reported_once_to_a_reader_that_goes_on(tmp_path: Path) -> None:
    root = tmp_path / "log"
    path = a_closed_segment(root, PAYLOADS)
    data = bytearray(path.read_bytes())
    for offset in (0, HEADER_SIZE + 20, HEADER_SIZE + 4 * FRAMED + 20):
        data[offset] ^= 1
    path.write_bytes(data)
    position, reports, count = Position(0), [], 0
    for _ in range(20):
        batch = read(root, 0, position, max_bytes=1)
        reports += [(damage.offset, damage.until) for damage in batch.damages]
        count += len(batch.records)
        position = batch.next
    assert reports == [
        (0, HEADER_SIZE),
        (HEADER_SIZE, HEADER_SIZE + FRAMED),
        (HEADER_SIZE + 4 * FRAMED, HEADER_SIZE + 5 * FRAMED),
    ]
    assert count == len(PAYLOADS) - 2


def test_damage_in_the_segment_of_a_live_writer_does_not_wait_for_its_end(tmp_path: Path) -> None:
    root = tmp_path / "log"
    with LogWriter(root) as writer:
        append_some(writer, PAYLOADS)
        (path,) = segment_files(root)
        with path.open("r+b") as file:
            file.seek(HEADER_SIZE + FRAMED + 15)
            file.write(b"\xff")
        found = read_all(root)
        assert found.payloads == PAYLOADS[:1] + PAYLOADS[2:]
        assert [damage.offset for damage in found.damages] == [HEADER_SIZE + FRAMED]


def test_a_record_forged_inside_a_request_is_not_taken_for_one(tmp_path: Path) -> None:
    """A caller may send bytes that look like a record of another segment; then damage strikes."""
    root = tmp_path / "log"
    forged = b"forged"
    inner = encode_prefix(b"mark", forged) + forged
    path = a_closed_segment(root, [b"a", inner * 3, b"z"])
    data = bytearray(path.read_bytes())
    data[HEADER_SIZE + 13 + 4] ^= 1
    path.write_bytes(data)
    found = read_all(root)
    assert found.payloads == [b"a", b"z"]
    assert len(found.damages) == 1


def test_searching_behind_damage_is_fast_in_a_large_segment(tmp_path: Path) -> None:
    root = tmp_path / "log"
    path = a_closed_segment(root, [b"first", bytes(16 << 20), os.urandom(16 << 20), b"last"])
    data = bytearray(path.read_bytes())
    data[HEADER_SIZE + 17 + 4] ^= 0xFF
    path.write_bytes(data)
    started = time.perf_counter()
    found = read_all(root)
    assert [len(payload) for payload in found.payloads] == [5, 16 << 20, 4]
    # Trying every byte would take minutes.
    assert time.perf_counter() - started < 10


@pytest.mark.parametrize("inside", [0, 1, 2, 3, 4])
def test_a_record_is_found_across_the_end_of_a_window(tmp_path: Path, inside: int) -> None:
    """The search reads windows of 1 MiB; `inside` bytes of the marker lie in the first one."""
    root = tmp_path / "log"
    search_start = HEADER_SIZE + 1
    length = search_start + (1 << 20) - inside - HEADER_SIZE - 12
    path = a_closed_segment(root, [bytes(length), b"found"])
    data = bytearray(path.read_bytes())
    data[HEADER_SIZE + 500] ^= 1
    path.write_bytes(data)
    assert read_all(root).payloads == [b"found"]


def test_a_segment_removed_by_hand_is_reported(tmp_path: Path) -> None:
    root = tmp_path / "log"
    with LogWriter(root, segment_bytes=60) as writer:
        append_some(writer, PAYLOADS)
    files = segment_files(root)
    assert len(files) == len(PAYLOADS)
    files[3].unlink()
    found = read_all(root)
    assert found.payloads == PAYLOADS[:3] + PAYLOADS[4:]
    assert [damage.path for damage in found.damages] == [files[3]]


def test_a_segment_removed_under_a_reader_is_reported(tmp_path: Path) -> None:
    root = tmp_path / "log"
    with LogWriter(root, segment_bytes=120) as writer:
        append_some(writer, PAYLOADS)
    files = segment_files(root)
    inside = read(root, 0, Position(0), max_bytes=1).next
    files[0].unlink()
    batch = read(root, 0, inside)
    assert [(damage.path, damage.offset) for damage in batch.damages] == [(files[0], inside.offset)]
    assert batch.records[0][1] == PAYLOADS[3]
    assert not read(root, 0, batch.next).damages


@pytest.mark.parametrize("ahead", [2, 10**6])
def test_a_position_of_a_lost_log_reads_the_new_one_from_its_start(
    tmp_path: Path, ahead: int
) -> None:
    root = tmp_path / "log"
    path = a_closed_segment(root, PAYLOADS)
    position = Position(0, int(path.stem) + ahead, 0)
    batch = read(root, 0, position)
    assert [payload for _, payload in batch.records] == PAYLOADS
    assert "older than position" in batch.damages[0].reason
    assert not read(root, 0, batch.next).damages
