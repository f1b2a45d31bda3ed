"""The disk half of the writer: one slot, one open segment, batches appended and synced.

Not safe for threads: the writer's own thread is the only one that calls `append`.

A file on which anything failed is never written or synced again. After a failed `fdatasync` the
kernel may forget that pages were not written and report success the next time (PostgreSQL met this
in 2018), so only a fresh file can be believed. What a failed file holds after its last acknowledged
record is cut off if the disk lets us; if not, a reader may find records there whose callers were
told "not logged". That is harmless: the promise is that no acknowledged record is missing.
"""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.log import slots
from gateway.log.failpoints import failpoint
from gateway.log.files import Files, write_all
from gateway.log.segments import (
    HEADER_SIZE,
    encode_header,
    encode_prefix,
    new_header,
    next_sequence,
    segment_path,
    sequences,
)


@dataclass(slots=True)
class _Segment:
    """The open segment; everything before `end` is on disk."""

    path: Path
    fd: int
    marker: bytes
    end: int = HEADER_SIZE


class Appender:
    """Appends batches to the segments of one slot; opens a new segment first, never an old one.

    So a torn tail is always at the end of a segment that nobody writes to any more. A failure is
    handled as death is: slot and segment are given up, and the next append takes them anew.
    """

    def __init__(self, root: Path, *, segment_bytes: int, files: Files) -> None:
        self._root = root
        self._segment_bytes = segment_bytes
        self._files = files
        self._lock: int | None = None
        self._segment: _Segment | None = None
        self.slot: int | None = None

    @property
    def path(self) -> Path:
        """The segment that is open, else the slot's folder, else the root."""
        if self._segment:
            return self._segment.path
        return self._root if self.slot is None else slots.slot_folder(self._root, self.slot)

    def open(self) -> None:
        """Begin a new segment, in a new slot if there is none yet; OSError if the disk refuses."""
        self._segment = self._new_segment()

    def append(self, payloads: Sequence[bytes]) -> int:
        """Write and sync all payloads as one batch; the bytes written. OSError: none counts.

        A segment is full when it has reached `segment_bytes`, so it is at most one batch longer.
        """
        if self._segment and self._segment.end >= self._segment_bytes:
            self._leave(self._segment)
        segment = self._segment = self._segment or self._new_segment()
        buffers = []
        for payload in payloads:
            buffers += [encode_prefix(segment.marker, payload), payload]
        failpoint("log.before_write")
        write_all(self._files, segment.fd, buffers)
        failpoint("log.after_write")
        self._files.sync(segment.fd)
        failpoint("log.after_sync")
        written = sum(map(len, buffers))
        segment.end += written
        return written

    def abandon(self) -> None:
        """Cut off what is not acknowledged, if possible, and give up segment and slot."""
        if self._segment:
            # The disk has just failed and may fail again: the cut is a courtesy to readers.
            with contextlib.suppress(OSError):
                self._files.truncate(self._segment.fd, self._segment.end)
        self.close()

    def close(self) -> None:
        """Give back the segment, then the slot: who sees the slot free sees the segment's end."""
        if self._segment:
            self._leave(self._segment)
        self.forget()

    def forget(self) -> None:
        """Drop the descriptors only: in a forked child they would keep a dead slot locked."""
        segment, lock = self._segment, self._lock
        # First: a fork in between must not close numbers that mean other files by then.
        self._segment = self._lock = self.slot = None
        for fd in (segment.fd if segment else None, lock):
            if fd is not None:
                with contextlib.suppress(OSError):
                    os.close(fd)

    def _new_segment(self) -> _Segment:
        if self.slot is None:
            self.slot, self._lock = slots.claim(self._root, self._files)
        folder = slots.slot_folder(self._root, self.slot)
        existing = sequences(folder)
        header = new_header(existing[-1] if existing else 0)
        path = segment_path(folder, next_sequence(existing))
        fd = self._files.create(path)
        try:
            failpoint("log.segment_created")
            write_all(self._files, fd, [encode_header(header)])
            self._files.sync(fd)
            failpoint("log.segment_synced")
            self._files.sync_folder(folder)
        except OSError:
            # The name may be used again: no record was ever in this file, so no position points
            # behind its header. Both calls may fail for the same cause; the first one is told.
            with contextlib.suppress(OSError):
                self._files.close(fd)
            with contextlib.suppress(OSError):
                self._files.remove(path)
            raise
        failpoint("log.segment_ready")
        return _Segment(path=path, fd=fd, marker=header.marker)

    def _leave(self, segment: _Segment) -> None:
        self._segment = None
        # Everything acknowledged is on disk already, so a failing close takes nothing back.
        with contextlib.suppress(OSError):
            self._files.close(segment.fd)
