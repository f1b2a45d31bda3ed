"""Slots: one live writer each, free again when its process is gone."""

import fcntl
import os
import signal
import time
from pathlib import Path

import pytest

from gateway.log.slots import is_live, slot_folder, slots, try_lock
from gateway.log.writer import LogWriter
from tests.gateway.log.support import read_all, segment_files


def test_writers_take_the_first_slot_that_is_free(tmp_path: Path) -> None:
    root = tmp_path / "log"
    first, second, third = LogWriter(root), LogWriter(root), LogWriter(root)
    assert [first.slot, second.slot, third.slot] == [0, 1, 2]
    assert slots(root) == [0, 1, 2]
    second.close()
    fourth = LogWriter(root)
    assert fourth.slot == 1
    for number, writer in enumerate((first, fourth, third)):
        writer.append_sync(b"%d" % number)
        writer.close()
    assert read_all(root).payloads == [b"0", b"1", b"2"]
    assert len(segment_files(root, 1)) == 2


def test_a_slot_is_live_as_long_as_its_writer(tmp_path: Path) -> None:
    folder = slot_folder(tmp_path / "log", 0)
    assert not is_live(folder)
    with LogWriter(tmp_path / "log"):
        assert is_live(folder)
        assert is_live(folder), "looking does not take the lock away"
    assert not is_live(folder)


def test_a_lock_on_a_file_that_lost_its_name_is_none(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    held = os.open(path, os.O_RDWR)
    path.unlink()
    fd = try_lock(tmp_path)
    assert fd is not None
    assert os.fstat(fd).st_ino == path.stat().st_ino != os.fstat(held).st_ino
    os.close(held)
    os.close(fd)


def test_a_lock_file_removed_before_it_is_locked_gives_no_slot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = fcntl.flock

    def lock_too_late(fd: int, how: int) -> None:
        (tmp_path / "lock").unlink()
        lock(fd, how)

    monkeypatch.setattr(fcntl, "flock", lock_too_late)
    assert try_lock(tmp_path) is None
    before = len(list(Path("/proc/self/fd").iterdir()))
    assert try_lock(tmp_path) is None
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_fork_of_a_dead_writer_does_not_keep_its_slot(tmp_path: Path) -> None:
    """The lock belongs to the open file, which a fork shares: the fork must let go of it."""
    root = tmp_path / "log"
    told, tell = os.pipe()
    writer_process = os.fork()
    if writer_process == 0:
        LogWriter(root).append_sync(b"x")
        if os.fork() == 0:
            os.write(tell, b"%d" % os.getpid())
        time.sleep(30)
        os._exit(0)
    fork = int(os.read(told, 20))
    assert is_live(slot_folder(root, 0))
    os.kill(writer_process, signal.SIGKILL)
    os.waitpid(writer_process, 0)
    try:
        assert Path(f"/proc/{fork}").exists()
        assert not is_live(slot_folder(root, 0))
    finally:
        os.kill(fork, signal.SIGKILL)
        os.close(told)
        os.close(tell)
