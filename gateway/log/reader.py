"""Reading the prediction log from a stored position, while its writers go on.

Any number of readers, in any process, each keeps one `Position` per slot and stores it together
with what it made of the records. The log itself knows no reader.

A reader may see a record that is written and not yet synced. If the machine then loses power, the
record reached a store and is gone from the log: nobody was told it is kept, and its id is never
used again, so it is neither lost nor doubled. If the sync failed instead, the writer cuts the
record off; a position behind the cut is as good as the end, because a file on which anything failed
is never appended to again.

Where a record is not sound (short, zeros, wrong checksum):
- a sound one follows: **damage**; reported, and reading goes on there;
- none follows and the segment may still grow: not finished yet; reading waits there;
- none follows and the segment is closed (its writer died or began another): a **torn tail**, which
  no caller was told about; counted and skipped.
After a power loss single pages of an unsynced batch may have reached the disk: such a tail may be
reported as damage, rather once too often than never.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from gateway.log.errors import LogFormatError
from gateway.log.segment_view import SegmentView
from gateway.log.segments import FORMAT, HEADER_SIZE, PREFIX_SIZE, segment_path, sequences
from gateway.log.slots import is_live, slot_folder


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """Everything before this byte of the slot is read; segment n+1, offset 0 says n is done."""

    slot: int
    segment: int = 0
    offset: int = 0

    def __str__(self) -> str:
        """As `slot:segment:offset`, at most 50 characters, the form to store."""
        return f"{self.slot}:{self.segment}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position that `str` wrote; LogFormatError when it is none."""
        parts = text.split(":")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() for part in parts):
            raise LogFormatError(
                f"The log position {text!r} cannot be read.",
                hint="Expected slot:segment:offset. Start the reader again from the oldest record.",
            )
        return cls(*map(int, parts))


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes `offset` to `until` of `path` cannot be read; records may have been there."""

    path: Path
    offset: int
    until: int
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in order, each with the position after it, and what was met between them.

    Store `next`, not the last record's position: it also passes damage, torn tails and the ends of
    segments.
    """

    records: list[tuple[Position, bytes]]
    next: Position
    at_end: bool
    damages: list[Damage]
    torn: int


def read(root: Path, slot: int, position: Position, *, max_bytes: int = 4 << 20) -> Batch:
    """The records after `position`, about `max_bytes` of payload, at least one if there is one.

    `Position(slot)` begins with the oldest record. `at_end` says that nothing more was there.
    LogFormatError when the next segment was written by a newer release.
    """
    folder = slot_folder(root, slot)
    # This order is what makes "closed" certain: the newest segment is listed first, its writer seen
    # dead next, and only then its bytes are read; none can have been added in between.
    existing = sequences(folder)
    live = is_live(folder)
    walk = _Walk(folder=folder, position=position, max_bytes=max_bytes)
    walk.find_place(existing)
    for sequence in existing:
        if sequence >= walk.position.segment:
            closed = not live or sequence != existing[-1]
            if not walk.follow(sequence, closed=closed):
                break
    else:
        walk.at_end = True
    return Batch(
        records=walk.records,
        next=walk.position,
        at_end=walk.at_end,
        damages=walk.damages,
        torn=walk.torn,
    )


@dataclass(slots=True)
class _Walk:
    """One `read` on its way; `done` is the last segment fully read, None when that is not known."""

    folder: Path
    position: Position
    max_bytes: int
    done: int | None = None
    at_end: bool = False
    torn: int = 0
    records: list[tuple[Position, bytes]] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)

    def find_place(self, existing: list[int]) -> None:
        """Check that the position belongs to this log; report what is missing if not."""
        position = self.position
        if position.segment:
            self.done = position.segment - 1
        if existing and position.segment > existing[-1] + 1:
            self._report(self.folder, 0, 0, f"the log is older than position {position}: read anew")
            self._go_to(0, 0)
            self.done = None
        elif existing and position.offset and position.segment not in existing:
            missing = segment_path(self.folder, position.segment)
            self._report(missing, position.offset, position.offset, "the segment is gone")
            self.done = None

    def follow(self, sequence: int, *, closed: bool) -> bool:
        """Read on in one segment; True when it is done and the next one may follow."""
        try:
            view = SegmentView(segment_path(self.folder, sequence))
        except FileNotFoundError:
            return False  # removed since it was listed; the next call sees the new list
        with view:
            if not self._can_read(view, sequence):
                return False
            if not self._take_records(view, sequence):
                return False
            if not closed:
                self.at_end = True
                return False
            self.torn += self.position.offset < view.size
        self.done = sequence
        self._go_to(sequence + 1, 0)
        return True

    def _can_read(self, view: SegmentView, sequence: int) -> bool:
        """Enter the segment behind its header, unless that is not finished."""
        path = segment_path(self.folder, sequence)
        header = view.header
        if header and header.version > FORMAT:
            if self.records:
                return False
            raise LogFormatError(
                f"The log segment {path} has format {header.version}; this release reads {FORMAT}.",
                hint="Start the newer release again; no record is lost.",
            )
        entered = sequence == self.position.segment and self.position.offset
        if entered:
            return True
        if header and self.done is not None and header.previous > self.done:
            missing = segment_path(self.folder, header.previous)
            self._report(missing, 0, 0, "segments up to this one are gone")
        if header or view.size > HEADER_SIZE:
            self._go_to(sequence, HEADER_SIZE)
            if not header:
                self._report(path, 0, HEADER_SIZE, "the header is damaged")
        else:
            self._go_to(sequence, 0)
        return True

    def _take_records(self, view: SegmentView, sequence: int) -> bool:
        """Every sound record from the position on; False when the batch is full before the end."""
        path = segment_path(self.folder, sequence)
        offset = self.position.offset or HEADER_SIZE
        while True:
            payload = view.payload_at(offset)
            if payload is None:
                sound = view.next_sound(offset + 1)
                if sound is None:
                    return True
                self._report(path, offset, sound, "the checksum or length is wrong")
                offset = sound
                self._go_to(sequence, offset)
                continue
            self.max_bytes -= len(payload)
            if self.records and self.max_bytes < 0:
                return False
            offset += PREFIX_SIZE + len(payload)
            self._go_to(sequence, offset)
            self.records.append((self.position, payload))

    def _go_to(self, segment: int, offset: int) -> None:
        self.position = Position(self.position.slot, segment, offset)

    def _report(self, path: Path, offset: int, until: int, reason: str) -> None:
        self.damages.append(Damage(path=path, offset=offset, until=until, reason=reason))
