"""One segment file as a reader sees it: of fixed length, its records found by offset."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from gateway.log.segments import (
    HEADER_SIZE,
    PREFIX_SIZE,
    decode_header,
    encode_prefix,
    payload_length,
)

_WINDOW = 1 << 20
_MARKER_SIZE = 4


class SegmentView:
    """The segment at `path` up to the length it has now; FileNotFoundError if it is gone.

    A writer only appends, and a local file system shows appended bytes from the front; so all below
    `size` is final, and a record that is broken there is broken, not unfinished. Only the cut after
    a failed write takes bytes back: then `size` shrinks with the file. Read with `pread`, never
    mapped: a mapping would kill the process when the file is cut.
    """

    def __init__(self, path: Path) -> None:
        self._window = b""
        self._start = 0
        self._fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.size = os.fstat(self._fd).st_size
        self.header = decode_header(os.pread(self._fd, HEADER_SIZE, 0))
        # Every record repeats the marker, so the first one stands in for a damaged header.
        self._marker = self.header.marker if self.header else self._bytes(HEADER_SIZE, _MARKER_SIZE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        os.close(self._fd)

    def payload_at(self, offset: int) -> bytes | None:
        """The payload of the record at `offset`, or None when no whole, sound record is there."""
        prefix = self._bytes(offset, PREFIX_SIZE)
        length = payload_length(self._marker, prefix)
        if length is None or offset + PREFIX_SIZE + length > self.size:
            return None
        payload = self._bytes(offset + PREFIX_SIZE, length)
        sound = len(payload) == length and encode_prefix(self._marker, payload) == prefix
        return payload if sound else None

    def next_sound(self, offset: int) -> int | None:
        """Where the first sound record at or after `offset` begins; None when there is none."""
        while offset + PREFIX_SIZE < self.size:
            chunk = self._bytes(offset, _WINDOW)
            found = chunk.find(self._marker) if len(self._marker) == _MARKER_SIZE else -1
            if found < 0:
                # A marker may lie across the end of the chunk.
                offset += max(1, len(chunk) - _MARKER_SIZE + 1)
            elif self.payload_at(offset + found) is None:
                offset += found + 1
            else:
                return offset + found
        return None

    def _bytes(self, offset: int, length: int) -> bytes:
        """The bytes from `offset`, `length` of them or as many as there are."""
        end = min(offset + length, self.size)
        if end <= offset:
            return b""
        if offset < self._start or end > self._start + len(self._window):
            self._window = os.pread(self._fd, max(end - offset, _WINDOW), offset)
            self._start = offset
            if len(self._window) < end - offset:
                end = self.size = offset + len(self._window)
        return self._window[offset - self._start : end - self._start]
