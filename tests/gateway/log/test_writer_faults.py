"""A disk that fails: no false acknowledgement, no second sync of a failed file, back by itself."""

import errno
import logging
import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.log.errors import LogUnavailable
from gateway.log.reader import Position, read
from gateway.log.retention import release
from gateway.log.slots import is_live, slot_folder
from gateway.log.writer import LogWriter
from tests.gateway.log.support import (
    Everything,
    FailingFiles,
    VolatileFiles,
    WatchedFiles,
    append_some,
    read_all,
    read_slot,
    segment_files,
)

PAYLOADS = [b"%02d" % n * (n + 1) for n in range(12)]


def write_through(root: Path, files: WatchedFiles) -> tuple[list[bytes], list[bytes]]:
    """Append PAYLOADS in small segments and one more until it works: acknowledged and refused."""
    acknowledged: list[bytes] = []
    refused: list[bytes] = []
    with LogWriter(root, segment_bytes=100, retry_seconds=0.001, files=files) as writer:
        for payload in PAYLOADS:
            good, bad = append_some(writer, [payload])
            acknowledged += good
            refused += bad
            if bad:
                time.sleep(0.002)
        for attempt in range(20):
            good, bad = append_some(writer, [b"recovered %d" % attempt])
            if good:
                return acknowledged + good, refused
            refused += bad
            time.sleep(0.002)
    raise AssertionError("The log did not recover.")


def number_of_calls(root: Path) -> int:
    """How many system calls a run without a fault makes."""
    files = WatchedFiles()
    assert write_through(root, files) == ([*PAYLOADS, b"recovered 0"], [])
    return len(files.calls)


@pytest.mark.parametrize("length", [1, 2, 5])
def test_whichever_calls_fail_no_acknowledged_record_is_lost_and_the_log_recovers(
    tmp_path: Path, length: int
) -> None:
    calls = number_of_calls(tmp_path / "whole")
    assert calls > 40
    refusals = 0
    for nth in range(1, calls + 1):
        root = tmp_path / str(nth)
        files = FailingFiles(range(nth, nth + length))
        acknowledged, refused = write_through(root, files)
        found = read_all(root)
        assert [payload for payload in found.payloads if payload not in refused] == acknowledged
        assert len(found.payloads) == len(set(found.payloads))
        assert not found.damages
        refusals += len(refused)
        for at, (name, path) in enumerate(files.calls):
            if at + 1 in files.fail and name in {"write", "sync"}:
                later = [call for call, where in files.calls[at + 1 :] if where == path]
                # A segment without a record is removed, and its name made anew.
                if "remove" in later:
                    later = later[: later.index("remove")]
                assert not {"write", "sync"} & set(later)
    assert refusals >= calls // 2


def test_a_failed_disk_is_told_in_a_sentence_and_refused_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "log"
    files = FailingFiles(range(0), errno.ENOSPC)
    with LogWriter(root, files=files, retry_seconds=30) as writer:
        writer.append_sync(b"good")
        (segment,) = segment_files(root)
        files.fail = range(1000)
        with pytest.raises(LogUnavailable) as caught:
            writer.append_sync(b"bad")
        assert str(segment) in caught.value.message
        assert "No space left on device" in caught.value.message
        assert "Free space" in caught.value.hint
        assert writer.problem == caught.value.message
        calls = len(files.calls)
        for _ in range(100):
            with pytest.raises(LogUnavailable, match="No space left"):
                writer.append_sync(b"refused without asking the disk")
        assert len(files.calls) == calls
        stats = writer.stats()
        assert (stats.written, stats.failed, stats.refused) == (1, 1, 100)
    errors = [line for line in caplog.records if line.levelno == logging.ERROR]
    assert len(errors) == 1


def test_the_log_recovers_without_a_request(tmp_path: Path) -> None:
    files = FailingFiles(range(1000))
    with LogWriter(tmp_path / "log", files=files, retry_seconds=0.01) as writer:
        assert writer.problem
        assert writer.slot is None
        files.fail = range(0)
        deadline = time.monotonic() + 5
        while writer.problem and time.monotonic() < deadline:
            time.sleep(0.005)
        assert writer.problem is None
        writer.append_sync(b"first")
    assert read_all(tmp_path / "log").payloads == [b"first"]


def test_segments_that_could_not_be_made_do_not_pile_up(tmp_path: Path) -> None:
    headers_fail = [True]

    def fail(name: str, path: Path) -> None:
        if name == "sync" and headers_fail[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    files = WatchedFiles(fail)
    with LogWriter(tmp_path / "log", files=files, retry_seconds=0.001) as writer:
        while [name for name, _ in files.calls].count("create") < 20:
            time.sleep(0.001)
        headers_fail[0] = False
        while writer.problem:
            time.sleep(0.001)
        assert len(segment_files(tmp_path / "log")) == 1


def test_a_fault_of_the_program_leaves_nobody_waiting(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [True]

    def trip(name: str, path: Path) -> None:
        if name == "write" and broken[0] and read_all(tmp_path / "log").payloads:
            raise MemoryError

    files = WatchedFiles(trip)
    with LogWriter(tmp_path / "log", files=files, retry_seconds=0.001) as writer:
        writer.append_sync(b"good")
        with pytest.raises(LogUnavailable, match="MemoryError"):
            writer.append_sync(b"bad")
        broken[0] = False
        time.sleep(0.002)
        writer.append_sync(b"good again")
    assert read_all(tmp_path / "log").payloads == [b"good", b"good again"]
    assert any(line.exc_info for line in caplog.records)


def test_a_reader_beyond_the_cut_goes_on_with_the_next_segment(tmp_path: Path) -> None:
    """It has seen a record that was written, then failed to sync and was taken back."""
    root = tmp_path / "log"
    seen = Everything()
    place = [Position(0)]
    armed = [False]

    def read_then_fail(name: str, path: Path) -> None:
        if name == "sync" and armed[0]:
            armed[0] = False
            place[0] = read_slot(root, place[0], into=seen)
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    files = WatchedFiles(read_then_fail)
    with LogWriter(root, files=files, retry_seconds=0.001) as writer:
        writer.append_sync(b"kept")
        armed[0] = True
        with pytest.raises(LogUnavailable):
            writer.append_sync(b"taken back")
        assert seen.payloads == [b"kept", b"taken back"]
        (failed,) = segment_files(root)[:1]
        assert place[0].offset > failed.stat().st_size
        time.sleep(0.002)
        writer.append_sync(b"x")
        writer.append_sync(b"y" * 100)
        place[0] = read_slot(root, place[0], into=seen)
    assert seen.payloads == [b"kept", b"taken back", b"x", b"y" * 100]
    assert not seen.damages
    assert seen.torn == 0


def test_what_cannot_be_cut_off_does_not_hold_a_reader_up(tmp_path: Path) -> None:
    """Half a record stays behind in the segment of a process that lives on."""
    root = tmp_path / "log"

    class HalfWrites(FailingFiles):
        def write(self, fd: int, buffers: list[bytes | memoryview]) -> int:
            if len(self.calls) + 1 in self.fail:
                os.write(fd, b"".join(buffers)[:20])
            return super().write(fd, buffers)

    files = HalfWrites(range(0))
    with LogWriter(root, files=files, retry_seconds=30) as writer:
        writer.append_sync(b"kept")
        files.fail = range(len(files.calls) + 1, 1000)
        with pytest.raises(LogUnavailable):
            writer.append_sync(b"torn in the middle")
        batch = read(root, 0, Position(0))
        assert [payload for _, payload in batch.records] == [b"kept"]
        assert (batch.at_end, batch.torn) == (True, 1)
        assert batch.next.segment == batch.records[0][0].segment + 1
        assert not is_live(slot_folder(root, 0))


def test_a_power_loss_at_any_call_loses_no_acknowledged_record(
    tmp_path: Path, rng: random.Random
) -> None:
    calls = number_of_calls(tmp_path / "whole")
    for cut in range(1, calls + 2):
        for attempt in range(4):
            root = tmp_path / f"{cut}-{attempt}"
            files = VolatileFiles(cut, rng)
            with LogWriter(root, segment_bytes=100, retry_seconds=30, files=files) as writer:
                acknowledged, refused = append_some(writer, PAYLOADS)
            files.lose_power(root)
            with LogWriter(root) as again:
                again.append_sync(b"after the power came back")
            found = read_all(root).payloads
            assert [payload for payload in found if payload not in refused] == [
                *acknowledged,
                b"after the power came back",
            ]
            assert len(found) == len(set(found))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        pytest.skip(f"A file system of 1 MB cannot be mounted here: {mounted.stderr.strip()}")
    yield folder
    command = ["umount", str(folder)]
    subprocess.run(command, check=True)


def test_a_full_disk_is_refused_quickly_and_the_log_is_back_once_it_is_read(
    small_disk: Path,
) -> None:
    root = small_disk / "log"
    acknowledged: list[bytes] = []
    seen = Everything()
    place = Position(0)
    with LogWriter(root, segment_bytes=64 << 10, retry_seconds=0.05) as writer:
        for fill in range(5):
            while True:
                payload = b"%d-%d-" % (fill, len(acknowledged)) + os.urandom(3000)
                started = time.monotonic()
                try:
                    writer.append_sync(payload)
                except LogUnavailable as error:
                    assert "No space left on device" in error.message
                    assert time.monotonic() - started < 1
                    break
                acknowledged.append(payload)
            assert len(acknowledged) > 200 * (fill + 1)
            place = read_slot(root, place, into=seen)
            release(root, 0, [place])
            started = time.monotonic()
            while append_some(writer, [b"%d is back" % fill])[1]:
                assert time.monotonic() - started < 10
                time.sleep(0.01)
            acknowledged.append(b"%d is back" % fill)
    read_slot(root, place, into=seen)
    assert seen.payloads == acknowledged
    assert not seen.damages
