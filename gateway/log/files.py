"""The system calls of the log's writer, in one place so that tests can count and fail them."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

# One writev takes at most this many buffers (IOV_MAX of Linux).
_MAX_BUFFERS = 1024


class Files:
    """Each method is one system call, or one call on a folder; all raise OSError."""

    def make_folder(self, folder: Path) -> None:
        """Create `folder` for its owner alone; one that is there stays as it is."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        """A descriptor of a file that did not exist before."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, fd: int, buffers: Sequence[bytes | memoryview]) -> int:
        """Append the buffers; how many bytes went, which may be fewer than given."""
        return os.writev(fd, buffers)

    def sync(self, fd: int) -> None:
        """Return once the file's bytes, and its length, are on disk."""
        os.fdatasync(fd)

    def sync_folder(self, folder: Path) -> None:
        """Return once the names in `folder` are on disk."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def truncate(self, fd: int, size: int) -> None:
        """Cut the file to `size` bytes."""
        os.ftruncate(fd, size)

    def close(self, fd: int) -> None:
        """Give the descriptor back."""
        os.close(fd)

    def remove(self, path: Path) -> None:
        """Remove the name."""
        path.unlink()


def write_all(files: Files, fd: int, buffers: Sequence[bytes]) -> None:
    """Write every byte of `buffers`: one `writev` as a rule, more after a short write."""
    pending: list[bytes | memoryview] = [buffer for buffer in buffers if buffer]
    first = 0
    while first < len(pending):
        written = files.write(fd, pending[first : first + _MAX_BUFFERS])
        if not written:
            raise OSError(errno.EIO, "The disk took none of the bytes")
        while first < len(pending) and written >= len(pending[first]):
            written -= len(pending[first])
            first += 1
        if written:
            pending[first] = memoryview(pending[first])[written:]
