"""Segments go once every reader has passed them, and never under a live writer."""

from pathlib import Path

import pytest

from gateway.log.reader import Position
from gateway.log.retention import end, lag_bytes, release
from gateway.log.slots import slot_folder, slots, try_lock
from gateway.log.writer import LogWriter
from tests.gateway.log.support import (
    Everything,
    a_closed_segment,
    append_some,
    read_all,
    read_slot,
    segment_files,
)

PAYLOADS = [b"record %d" % n for n in range(6)]


def test_a_segment_stays_until_the_slowest_reader_has_passed_it(tmp_path: Path) -> None:
    root = tmp_path / "log"
    with LogWriter(root, segment_bytes=60) as writer:
        append_some(writer, PAYLOADS)
        files = segment_files(root)
        numbers = [int(path.stem) for path in files]
        assert len(files) == 3
        fast = read_slot(root, Position(0), into=Everything())
        assert release(root, 0, [fast, Position(0)]) == []
        assert release(root, 0, []) == []
        slow = Position(0, numbers[1], 40)
        assert release(root, 0, [fast, slow]) == files[:1]
        assert release(root, 0, [fast, fast]) == files[1:2]
        assert segment_files(root) == files[2:]
        writer.append_sync(b"more")
    assert read_all(root).payloads == [*PAYLOADS[4:], b"more"]


def test_the_newest_segment_and_the_slot_go_with_a_dead_writer(tmp_path: Path) -> None:
    root = tmp_path / "log"
    writer = LogWriter(root)
    writer.append_sync(b"x")
    (path,) = segment_files(root)
    beyond = Position(0, int(path.stem) + 1)
    assert release(root, 0, [beyond]) == []
    writer.close()
    assert release(root, 0, [Position(0, int(path.stem), path.stat().st_size)]) == []
    assert release(root, 0, [beyond]) == [path]
    assert slots(root) == []
    assert release(root, 0, [beyond]) == []


def test_a_slot_that_was_removed_and_taken_again_goes_on_for_its_readers(tmp_path: Path) -> None:
    root = tmp_path / "log"
    a_closed_segment(root, [b"before"])
    seen = Everything()
    position = read_slot(root, Position(0), into=seen)
    release(root, 0, [position])
    assert slots(root) == []
    a_closed_segment(root, [b"after"])
    read_slot(root, position, into=seen)
    assert seen == Everything([b"before", b"after"])


def test_a_slot_is_not_removed_while_somebody_takes_it(tmp_path: Path) -> None:
    root = tmp_path / "log"
    path = a_closed_segment(root, [b"x"])
    with LogWriter(root):  # in the same slot, its own new segment
        assert release(root, 0, [Position(0, int(path.stem) + 1)]) == [path]
        assert slots(root) == [0]
        assert try_lock(slot_folder(root, 0)) is None


def test_a_position_of_another_log_removes_nothing(tmp_path: Path) -> None:
    root = tmp_path / "log"
    path = a_closed_segment(root, [b"unread"])
    assert release(root, 0, [Position(0, int(path.stem) + 2)]) == []
    with pytest.raises(ValueError, match="give its own positions"):
        release(root, 0, [Position(1, int(path.stem) + 1)])
    assert read_all(root).payloads == [b"unread"]


def test_the_end_is_reached_by_reading_all_there_is(tmp_path: Path) -> None:
    root = tmp_path / "log"
    assert end(root, 0) == Position(0)
    with LogWriter(root, segment_bytes=60) as writer:
        append_some(writer, PAYLOADS)
        there = end(root, 0)
        reached = read_slot(root, Position(0), into=Everything())
        assert reached == there
        assert there.offset == segment_files(root)[-1].stat().st_size
        writer.append_sync(b"more")
        assert end(root, 0) > reached
    with segment_files(root)[-1].open("ab") as file:
        file.write(b"torn")
    assert read_slot(root, Position(0), into=Everything()) > end(root, 0)


def test_the_lag_is_what_lies_behind_a_position(tmp_path: Path) -> None:
    root = tmp_path / "log"
    with LogWriter(root, segment_bytes=60) as writer:
        append_some(writer, PAYLOADS)
        sizes = [path.stat().st_size for path in segment_files(root)]
        assert lag_bytes(root, 0, Position(0)) == sum(sizes)
        second = Position(0, int(segment_files(root)[1].stem), 50)
        assert lag_bytes(root, 0, second) == sizes[1] - 50 + sizes[2]
        reached = read_slot(root, second, into=Everything())
        assert lag_bytes(root, 0, reached) == 0
        writer.append_sync(b"12345")
        assert lag_bytes(root, 0, reached) == 36 + 12 + 5, "the third segment was full"
        cut = Position(0, int(segment_files(root)[-1].stem), 10**9)
        assert lag_bytes(root, 0, cut) == 0
