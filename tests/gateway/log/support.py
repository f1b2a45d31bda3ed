"""What the tests of the prediction log share: reading all of it, and disks that misbehave."""

import errno
import os
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.log.errors import LogUnavailable
from gateway.log.files import Files
from gateway.log.reader import Damage, Position, read
from gateway.log.segments import segment_path, sequences
from gateway.log.slots import slot_folder, slots
from gateway.log.writer import LogWriter


@dataclass
class Everything:
    """All that a reader from the start gets out of a log."""

    payloads: list[bytes] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    torn: int = 0


def read_slot(
    root: Path, position: Position, *, into: Everything, max_bytes: int = 1 << 20
) -> Position:
    """Read one slot to its end; the position to go on from."""
    while True:
        batch = read(root, position.slot, position, max_bytes=max_bytes)
        into.payloads += [payload for _, payload in batch.records]
        into.damages += batch.damages
        into.torn += batch.torn
        assert batch.next >= position or batch.damages
        position = batch.next
        if batch.at_end:
            return position


def read_all(root: Path, *, max_bytes: int = 1 << 20) -> Everything:
    """Read every slot from its oldest record."""
    everything = Everything()
    for slot in slots(root):
        read_slot(root, Position(slot), into=everything, max_bytes=max_bytes)
    return everything


def segment_files(root: Path, slot: int = 0) -> list[Path]:
    """The slot's segments, oldest first."""
    folder = slot_folder(root, slot)
    return [segment_path(folder, sequence) for sequence in sequences(folder)]


def a_closed_segment(root: Path, payloads: Sequence[bytes]) -> Path:
    """The only segment of a log that holds `payloads` and whose writer is gone."""
    with LogWriter(root) as writer:
        for payload in payloads:
            writer.append_sync(payload)
    (path,) = segment_files(root)
    return path


def append_some(writer: LogWriter, payloads: Sequence[bytes]) -> tuple[list[bytes], list[bytes]]:
    """Append one after the other: those acknowledged, those refused."""
    acknowledged, refused = [], []
    for payload in payloads:
        try:
            writer.append_sync(payload)
        except LogUnavailable:
            refused.append(payload)
        else:
            acknowledged.append(payload)
    return acknowledged, refused


class WatchedFiles(Files):
    """Calls `before(name, path)` ahead of every system call; `calls` keeps them."""

    def __init__(self, before: Callable[[str, Path], None] = lambda name, path: None) -> None:
        self.before = before
        self.calls: list[tuple[str, Path]] = []
        self.paths: dict[int, Path] = {}

    def _called(self, name: str, path: Path) -> None:
        self.calls.append((name, path))
        self.before(name, path)

    def make_folder(self, folder: Path) -> None:
        self._called("make_folder", folder)
        super().make_folder(folder)

    def create(self, path: Path) -> int:
        self._called("create", path)
        fd = super().create(path)
        self.paths[fd] = path
        return fd

    def write(self, fd: int, buffers: Sequence[bytes | memoryview]) -> int:
        self._called("write", self.paths[fd])
        return super().write(fd, buffers)

    def sync(self, fd: int) -> None:
        self._called("sync", self.paths[fd])
        super().sync(fd)

    def sync_folder(self, folder: Path) -> None:
        self._called("sync_folder", folder)
        super().sync_folder(folder)

    def truncate(self, fd: int, size: int) -> None:
        self._called("truncate", self.paths[fd])
        super().truncate(fd, size)

    def close(self, fd: int) -> None:
        self._called("close", self.paths[fd])
        super().close(fd)

    def remove(self, path: Path) -> None:
        self._called("remove", path)
        super().remove(path)


class GatedFiles(WatchedFiles):
    """Once `gate` is cleared a sync tells `reached` and waits until the gate is set again."""

    def __init__(self) -> None:
        super().__init__(self._wait)
        self.gate = threading.Event()
        self.gate.set()
        self.reached = threading.Event()

    def _wait(self, name: str, path: Path) -> None:
        if name == "sync" and not self.gate.is_set():
            self.reached.set()
            self.gate.wait(10)


class FailingFiles(WatchedFiles):
    """The calls with the numbers in `fail` (from 1) raise `number` instead of being made."""

    def __init__(self, fail: range, number: int = errno.EIO) -> None:
        super().__init__(self._maybe_fail)
        self.fail = fail
        self.number = number

    def _maybe_fail(self, name: str, path: Path) -> None:
        if len(self.calls) in self.fail:
            raise OSError(self.number, os.strerror(self.number))


class VolatileFiles(WatchedFiles):
    """A disk that forgets what was not synced when its power goes at call number `cut`."""

    def __init__(self, cut: int, rng: random.Random) -> None:
        super().__init__(self._maybe_cut)
        self.cut = cut
        self.rng = rng
        self.lengths: dict[Path, int] = {}
        self.names: set[Path] = set()

    def _maybe_cut(self, name: str, path: Path) -> None:
        if len(self.calls) >= self.cut:
            raise OSError(errno.EIO, "The power is gone")

    def write(self, fd: int, buffers: Sequence[bytes | memoryview]) -> int:
        if len(self.calls) + 1 == self.cut:
            whole = b"".join(buffers)
            os.write(fd, whole[: self.rng.randrange(len(whole) + 1)])
        return super().write(fd, buffers)

    def sync(self, fd: int) -> None:
        super().sync(fd)
        self.lengths[self.paths[fd]] = os.fstat(fd).st_size

    def sync_folder(self, folder: Path) -> None:
        super().sync_folder(folder)
        self.names |= set(folder.iterdir())

    def lose_power(self, root: Path) -> None:
        """Leave what a power loss leaves: names and bytes not synced may be gone or zero."""
        for path in sorted(root.rglob("*.seg")):
            if path not in self.names and self.rng.random() < 0.7:
                path.unlink()
                continue
            data = path.read_bytes()
            synced = self.lengths.get(path, 0)
            tail = data[synced : self.rng.randint(synced, len(data))]
            if self.rng.random() < 0.5:
                tail = bytes(len(tail))
            path.write_bytes(data[:synced] + tail)
        if root not in self.names or root / "writers" not in self.names:
            for path in sorted(root.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
