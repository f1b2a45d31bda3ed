"""The writer: durable before it returns, one sync for all that wait, bounded, safe to close."""

import asyncio
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from gateway.log.errors import LogUnavailable
from gateway.log.segments import MAX_PAYLOAD
from gateway.log.slots import is_live, slot_folder
from gateway.log.writer import LogWriter
from tests.gateway.log.support import GatedFiles, WatchedFiles, read_all, segment_files


async def test_a_record_is_synced_before_its_append_returns(tmp_path: Path) -> None:
    files = WatchedFiles()
    with LogWriter(tmp_path / "log", files=files) as writer:
        (segment,) = segment_files(tmp_path / "log")
        for step in range(5):
            before = len(files.calls)
            await writer.append(b"%d" % step)
            assert files.calls[before:] == [("write", segment), ("sync", segment)]


def test_a_new_segment_counts_only_with_its_header_and_name_on_disk(tmp_path: Path) -> None:
    files = WatchedFiles()
    root = tmp_path / "log"
    with LogWriter(root, files=files, segment_bytes=50) as writer:
        writer.append_sync(b"fills the first segment")
        before = len(files.calls)
        writer.append_sync(b"begins the second")
    old, new = segment_files(root)
    assert files.calls[before : before + 7] == [
        ("close", old),
        ("create", new),
        ("write", new),
        ("sync", new),
        ("sync_folder", slot_folder(root, 0)),
        ("write", new),
        ("sync", new),
    ]
    # The folders' own names were made durable before the first segment.
    folders = [path for name, path in files.calls[: files.calls.index(("create", old))]]
    assert folders[-3:] == [tmp_path, root, root / "writers"]


async def test_records_that_arrive_together_share_a_sync(tmp_path: Path) -> None:
    files = WatchedFiles(lambda name, _: time.sleep(0.005) if name == "sync" else None)
    with LogWriter(tmp_path / "log", files=files) as writer:
        await asyncio.gather(*(writer.append(b"%d" % n) for n in range(64)))
        stats = writer.stats()
    assert stats.written == 64
    assert stats.syncs <= 8
    assert sorted(read_all(tmp_path / "log").payloads) == sorted(b"%d" % n for n in range(64))


def test_threads_and_event_loops_share_one_writer(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log") as writer:

        async def in_a_loop(name: bytes) -> None:
            await asyncio.gather(*(writer.append(b"%s-%d" % (name, n)) for n in range(50)))

        def in_a_thread(name: bytes) -> None:
            for n in range(50):
                writer.append_sync(b"%s-%d" % (name, n))

        threads = [
            threading.Thread(target=asyncio.run, args=[in_a_loop(b"loop-a")]),
            threading.Thread(target=asyncio.run, args=[in_a_loop(b"loop-b")]),
            threading.Thread(target=in_a_thread, args=[b"thread"]),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    payloads = read_all(tmp_path / "log").payloads
    assert len(payloads) == len(set(payloads)) == 150


def test_short_writes_are_finished(tmp_path: Path) -> None:
    class ShortWrites(WatchedFiles):
        def write(self, fd: int, buffers: list[bytes | memoryview]) -> int:
            return super().write(fd, [buffers[0][:5]])

    payloads = [b"a" * 17, b"b", b"c" * 40]
    with LogWriter(tmp_path / "log", files=ShortWrites()) as writer:
        for payload in payloads:
            writer.append_sync(payload)
    assert read_all(tmp_path / "log").payloads == payloads


async def test_more_buffers_than_one_writev_takes_are_written(tmp_path: Path) -> None:
    files = GatedFiles()
    with LogWriter(tmp_path / "log", files=files) as writer:
        files.gate.clear()
        first = asyncio.create_task(writer.append(b"holds the disk"))
        await asyncio.to_thread(files.reached.wait, 10)
        rest = [asyncio.create_task(writer.append(b"%d" % n)) for n in range(1500)]
        await asyncio.sleep(0)
        files.gate.set()
        await asyncio.gather(first, *rest)
        assert writer.stats().syncs == 2
    payloads = read_all(tmp_path / "log").payloads
    assert payloads == [b"holds the disk", *(b"%d" % n for n in range(1500))]


async def test_what_waits_is_bounded_and_told(tmp_path: Path) -> None:
    files = GatedFiles()
    with LogWriter(tmp_path / "log", files=files, queue_limit=100) as writer:
        files.gate.clear()
        waiting = [asyncio.create_task(writer.append(b"on its way to the disk"))]
        await asyncio.to_thread(files.reached.wait, 10)
        waiting += [asyncio.create_task(writer.append(b"x" * 50)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(LogUnavailable, match="100 bytes behind"):
            await writer.append(b"one too many")
        stats = writer.stats()
        assert (stats.accepted, stats.written, stats.waiting, stats.refused) == (3, 0, 3, 1)
        assert stats.oldest_waiting_seconds > 0
        files.gate.set()
        await asyncio.gather(*waiting)
        stats = writer.stats()
        assert (stats.accepted, stats.written, stats.waiting) == (3, 3, 0)
        assert stats.oldest_waiting_seconds == 0
    # Three records of 12 bytes of frame each.
    assert stats.bytes == 22 + 100 + 3 * 12
    assert len(read_all(tmp_path / "log").payloads) == 3


async def test_an_append_whose_caller_went_away_harms_no_other(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log") as writer:
        gone = asyncio.create_task(writer.append(b"gone"))
        await asyncio.sleep(0)
        gone.cancel()
        await writer.append(b"stays")
    assert b"stays" in read_all(tmp_path / "log").payloads


async def test_close_writes_what_waits_and_refuses_what_comes_later(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path / "log")
    waiting = [asyncio.create_task(writer.append(b"%d" % n)) for n in range(20)]
    await asyncio.sleep(0)
    writer.close()
    await asyncio.gather(*waiting)
    assert len(read_all(tmp_path / "log").payloads) == 20
    assert not is_live(slot_folder(tmp_path / "log", 0))
    with pytest.raises(LogUnavailable, match="is closed"):
        await writer.append(b"late")
    writer.close()


@pytest.mark.parametrize("size", [0, MAX_PAYLOAD + 1])
def test_a_record_of_impossible_size_is_refused_by_its_size(tmp_path: Path, size: int) -> None:
    class Claims(bytes):
        def __len__(self) -> int:
            return size

    with (
        LogWriter(tmp_path / "log") as writer,
        pytest.raises(ValueError, match=f"{size} bytes"),
    ):
        writer.append_sync(Claims())


def test_a_writer_refuses_to_work_in_a_fork_of_its_process(tmp_path: Path) -> None:
    with LogWriter(tmp_path / "log") as writer:
        child = os.fork()
        if child == 0:
            try:
                writer.append_sync(b"from the fork")
            except RuntimeError as error:
                os._exit(7 if "Open another LogWriter" in str(error) else 1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        writer.append_sync(b"from the parent")
    assert read_all(tmp_path / "log").payloads == [b"from the parent"]


def test_files_and_folders_are_for_their_owner_alone(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        with LogWriter(tmp_path / "log") as writer:
            writer.append_sync(b"private")
    finally:
        os.umask(umask)
    paths = [tmp_path / "log", *(tmp_path / "log").rglob("*")]
    modes = {(path.is_dir(), path.stat().st_mode & 0o777) for path in paths}
    assert modes == {(True, 0o700), (False, 0o600)}
    assert len(paths) == 5


ANSWERS = """
import os, sys
from pathlib import Path
from gateway.log.writer import LogWriter
with LogWriter(Path(sys.argv[1])) as writer:
    for n in range(100):
        writer.append_sync(b"record-%03d" % n)
        os.write(1, b"answer-%03d" % n)
"""


@pytest.mark.live
def test_the_kernel_is_asked_to_sync_before_each_answer_is_written(tmp_path: Path) -> None:
    """The order of system calls as strace sees it, over 100 answers."""
    trace = tmp_path / "trace"
    calls = "trace=write,writev,fdatasync"
    command = ["strace", "-f", "-y", "-s", "100", "-e", calls, "-o", str(trace)]
    command += [sys.executable, "-c", ANSWERS, str(tmp_path / "log")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=60)
    written, synced, answers = "", "", []
    for line in trace.read_text().splitlines():
        if found := re.search(r"writev\(\d+<[^>]*\.seg>.*(record-\d+)", line):
            written = found[1]
        elif re.search(r"fdatasync\(\d+<[^>]*\.seg>\) += 0|fdatasync resumed>\) += 0", line):
            synced = written
        elif found := re.search(r"write\(1<.*answer-(\d+)", line):
            answers.append(found[1])
            assert synced == f"record-{found[1]}"
    assert answers == [f"{n:03d}" for n in range(100)]
