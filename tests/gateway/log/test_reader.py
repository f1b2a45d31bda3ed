"""The reader: from any position, behind a live writer, past every end of a segment."""

import os
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.log.errors import LogFormatError
from gateway.log.reader import Position, read
from gateway.log.retention import release
from gateway.log.segments import HEADER_SIZE, encode_header, new_header, sequences
from gateway.log.slots import is_live
from gateway.log.writer import LogWriter
from tests.gateway.log.support import (
    Everything,
    WatchedFiles,
    a_closed_segment,
    append_some,
    read_all,
    read_slot,
    segment_files,
)

PAYLOADS = [b"%03d" % n * (n % 7 + 1) for n in range(40)]

numbers = st.integers(0, 10**17)


@given(st.builds(Position, numbers, numbers, numbers))
def test_a_position_comes_back_from_its_text(position: Position) -> None:
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "1:2", "1:2:3:4", "1:-2:3", "a:b:c", "1:2:٣"])
def test_a_text_that_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(LogFormatError, match="cannot be read"):
        Position.parse(text)


def test_every_position_leads_to_the_rest_of_the_records(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log", segment_bytes=200) as writer:
        append_some(writer, PAYLOADS)
    assert len(segment_files(tmp_path / "log")) > 3
    records = []
    position = Position(0)
    while not (batch := read(tmp_path / "log", 0, position, max_bytes=50)).at_end:
        assert batch.records
        assert sum(len(payload) for _, payload in batch.records) <= 50
        records += batch.records
        position = batch.next
    records += batch.records
    assert [payload for _, payload in records] == PAYLOADS
    assert [place for place, _ in records] == sorted(place for place, _ in records)
    for count, (place, _) in enumerate(records, start=1):
        rest = Everything()
        read_slot(tmp_path / "log", place, into=rest)
        assert rest.payloads == PAYLOADS[count:]
        assert not rest.damages


def test_a_record_larger_than_the_batch_is_given_alone(tmp_path: Path) -> None:
    payloads = [b"small", os.urandom(3 << 20), b"small too"]
    a_closed_segment(tmp_path / "log", payloads)
    first = read(tmp_path / "log", 0, Position(0), max_bytes=10)
    second = read(tmp_path / "log", 0, first.next, max_bytes=10)
    assert [payload for _, payload in first.records] == payloads[:1]
    assert [payload for _, payload in second.records] == payloads[1:2]
    assert not second.at_end
    assert read_all(tmp_path / "log", max_bytes=10).payloads == payloads


def test_a_log_that_was_never_begun_is_empty(tmp_path: Path) -> None:
    assert read_all(tmp_path / "absent") == Everything()
    batch = read(tmp_path / "absent", 3, Position(3))
    assert (batch.records, batch.next, batch.at_end) == ([], Position(3), True)


def test_a_reader_waits_at_the_end_of_a_live_writer_and_goes_on(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log") as writer:
        empty = read(tmp_path / "log", 0, Position(0))
        assert (empty.records, empty.at_end) == ([], True)
        writer.append_sync(b"one")
        one = read(tmp_path / "log", 0, empty.next)
        assert [payload for _, payload in one.records] == [b"one"]
        again = read(tmp_path / "log", 0, one.next)
        assert (again.records, again.next, again.at_end) == ([], one.next, True)
        writer.append_sync(b"two")
        two = read(tmp_path / "log", 0, again.next)
        assert [payload for _, payload in two.records] == [b"two"]
    last = read(tmp_path / "log", 0, two.next)
    assert last.next == Position(0, two.next.segment + 1, 0)
    with LogWriter(tmp_path / "log") as writer:
        writer.append_sync(b"three")
        three = read(tmp_path / "log", 0, last.next)
    assert [payload for _, payload in three.records] == [b"three"]
    assert not three.damages


def test_a_record_that_is_half_written_is_waited_for(tmp_path: Path) -> None:
    root = tmp_path / "log"
    batches = []

    class InHalves(WatchedFiles):
        def write(self, fd: int, buffers: list[bytes | memoryview]) -> int:
            whole = b"".join(buffers)
            half = super().write(fd, [whole[: len(whole) // 2 + 1]])
            batches.append(read(root, 0, Position(0)))
            return half

    with LogWriter(root, files=InHalves()) as writer:
        del batches[:]
        writer.append_sync(b"in two or more halves")
    assert len(batches) > 2
    assert not any(batch.records or batch.damages or batch.torn for batch in batches[:-1])
    assert all(batch.at_end for batch in batches)
    assert read(root, 0, batches[0].next).records[0][1] == b"in two or more halves"


def test_a_writer_that_takes_the_slot_during_a_look_is_not_taken_for_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has begun a segment and half a record between two steps of the reader."""
    root = tmp_path / "log"
    path = a_closed_segment(root, [b"before"])
    half = threading.Event()
    go_on = threading.Event()
    writers: list[LogWriter] = []
    appending = threading.Thread(target=lambda: append_some(writers[0], [b"the new writer's"]))

    class StopsHalfWay(WatchedFiles):
        def write(self, fd: int, buffers: list[bytes | memoryview]) -> int:
            if not writers:
                return super().write(fd, buffers)
            whole = b"".join(buffers)
            written = super().write(fd, [whole[: len(whole) // 2 + 1]])
            half.set()
            go_on.wait(5)
            return written

    def list_after_a_new_writer(folder: Path) -> list[int]:
        if not writers:
            writers.append(LogWriter(root, files=StopsHalfWay()))
            appending.start()
            half.wait(5)
        return sequences(folder)

    position = Position(0, int(path.stem) + 1)
    monkeypatch.setattr("gateway.log.reader.sequences", list_after_a_new_writer)
    first = read(root, 0, position)
    assert (first.records, first.torn) == ([], 0)
    go_on.set()
    appending.join()
    writers[0].close()
    assert [payload for _, payload in read(root, 0, first.next).records] == [b"the new writer's"]


def test_a_writer_that_finishes_and_dies_during_a_look_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "log"
    writer = LogWriter(root)
    writer.append_sync(b"first")

    def die_after_the_look(folder: Path) -> bool:
        live = is_live(folder)
        writer.append_sync(b"last")
        writer.close()
        return live

    monkeypatch.setattr("gateway.log.reader.is_live", die_after_the_look)
    batch = read(root, 0, Position(0))
    monkeypatch.undo()
    rest = read(root, 0, batch.next)
    payloads = [payload for _, payload in batch.records + rest.records]
    assert payloads == [b"first", b"last"]


def test_a_segment_whose_making_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    for size in (0, 1, HEADER_SIZE - 1, HEADER_SIZE):
        root = tmp_path / str(size)
        path = a_closed_segment(root, [b"before"])
        begun = encode_header(new_header(int(path.stem)))[:size]
        path.with_name(f"{int(path.stem) + 1:016d}.seg").write_bytes(begun)
        with LogWriter(root) as writer:
            writer.append_sync(b"after")
        found = read_all(root)
        assert found.payloads == [b"before", b"after"]
        assert not found.damages
        assert found.torn == (0 < size < HEADER_SIZE)


def test_a_segment_of_a_newer_release_stops_the_reader_there(tmp_path: Path) -> None:
    root = tmp_path / "log"
    path = a_closed_segment(root, [b"ours"])
    header = new_header(int(path.stem))
    newer = encode_header(type(header)(header.marker, header.created, header.previous, version=2))
    path.with_name(f"{int(path.stem) + 1:016d}.seg").write_bytes(newer + b"who knows")
    batch = read(root, 0, Position(0))
    assert [payload for _, payload in batch.records] == [b"ours"]
    assert not batch.at_end
    with pytest.raises(LogFormatError, match="has format 2; this release reads 1"):
        read(root, 0, batch.next)


@pytest.mark.parametrize("records_before", [0, 7])
def test_a_tail_cut_at_any_byte_keeps_every_whole_record(
    tmp_path: Path, records_before: int
) -> None:
    """The last three records are cut everywhere; the next process starts and goes on."""
    root = tmp_path / "log"
    payloads = [b"x" * n for n in range(1, records_before + 1)]
    tails = [b"first of the last", b"second", b"third of the last"]
    path = a_closed_segment(root, payloads + tails)
    data = path.read_bytes()
    ends = [len(data) - sum(len(tail) + 12 for tail in tails[n:]) for n in range(4)]
    for cut in range(ends[0], len(data) + 1):
        for filler in (b"", bytes(40)):  # a file system may leave zeros behind
            path.write_bytes(data[:cut] + filler)
            whole = sum(end <= cut for end in ends) - 1
            with LogWriter(root) as writer:
                writer.append_sync(b"after the restart")
                found = read_all(root)
            assert found.payloads == [*payloads, *tails[:whole], b"after the restart"]
            assert found.torn == (cut not in ends or bool(filler))
            assert not found.damages
            segment_files(root)[-1].unlink()


def test_a_reader_beside_a_writer_gets_every_record_once_in_order(tmp_path: Path) -> None:
    root = tmp_path / "log"
    payloads = [b"%d-" % n + bytes(n % 300) for n in range(2000)]
    writer = LogWriter(root, segment_bytes=16 << 10)

    def write() -> None:
        append_some(writer, payloads)
        writer.close()

    thread = threading.Thread(target=write)
    seen = Everything()
    removed = []
    position = Position(0)
    thread.start()
    while thread.is_alive():
        position = read_slot(root, position, into=seen, max_bytes=2000)
        removed += release(root, 0, [position])
        time.sleep(0.001)  # as the shipper does: reading all the time would only slow the writer
    thread.join()
    position = read_slot(root, position, into=seen)
    removed += release(root, 0, [position])
    assert seen.payloads == payloads
    assert not seen.damages
    assert seen.torn == 0
    assert len(removed) > 10
