"""The folders that writers take for themselves: one slot per process, held by a lock.

    root/writers/0/lock, root/writers/0/*.seg, root/writers/1/lock, …

A writer holds `flock` on its slot's lock file as long as it writes there; the kernel lets go of it
when the process dies, however it dies. So a slot is live exactly while its lock is held, and the
next process to start takes the first one that is free.
"""

import fcntl
import os
from pathlib import Path

from gateway.log.files import Files


def writers_folder(root: Path) -> Path:
    """The folder of all slots."""
    return root / "writers"


def slot_folder(root: Path, slot: int) -> Path:
    """The folder of one slot."""
    return writers_folder(root) / str(slot)


def slots(root: Path) -> list[int]:
    """The slots there are, live or dead, ascending; none when the log was never begun."""
    try:
        names = [path.name for path in writers_folder(root).iterdir()]
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def is_live(folder: Path) -> bool:
    """Whether a process writes into the slot `folder` now."""
    try:
        fd = os.open(folder / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def try_lock(folder: Path) -> int | None:
    """A descriptor that holds the slot `folder` until it is closed, or None when it is taken."""
    path = folder / "lock"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Between opening and locking, a release may have removed the slot: then this is a lock
        # on a file without a name, which keeps nobody out.
        if os.fstat(fd).st_ino == path.stat().st_ino:
            return fd
    except (BlockingIOError, FileNotFoundError):
        os.close(fd)
        return None
    except OSError:
        os.close(fd)
        raise
    os.close(fd)
    return None


def claim(root: Path, files: Files) -> tuple[int, int]:
    """Take the first free slot: its number and the descriptor that holds it.

    A reader that looks whether a slot is live holds its lock for some microseconds; the claim then
    goes on to the next number, which costs nothing.
    """
    slot = -1
    while True:
        slot += 1
        folder = slot_folder(root, slot)
        for level in (root, writers_folder(root), folder):
            files.make_folder(level)
        fd = try_lock(folder)
        if fd is None:
            continue
        try:
            # Always, not only for a folder just made: a claim that failed half-way may have left
            # it without its name on disk. What lies above the root's parent is the caller's.
            for parent in (root.parent, root, writers_folder(root)):
                files.sync_folder(parent)
        except OSError:
            os.close(fd)
            raise
        return slot, fd
