"""How far the log goes, how far a reader is behind, and the removal of what all have passed."""

import contextlib
import os
from collections.abc import Collection
from pathlib import Path

from gateway.log.reader import Position
from gateway.log.segments import segment_path, sequences
from gateway.log.slots import slot_folder, try_lock


def end(root: Path, slot: int) -> Position:
    """The end of the slot at this moment: a reader that got here has every acknowledged record.

    It may lie behind a write that is still going on. A query that must be up to date waits until
    the reader's `Batch.next` is at or past it, with a limit.
    """
    folder = slot_folder(root, slot)
    for sequence in reversed(sequences(folder)):
        size = _size(folder, sequence)
        if size is not None:
            return Position(slot, sequence, size)
    return Position(slot)


def lag_bytes(root: Path, slot: int, position: Position) -> int:
    """How many bytes of the slot lie after `position`, frames included."""
    folder = slot_folder(root, slot)
    lag = 0
    for sequence in sequences(folder):
        if sequence >= position.segment:
            passed = position.offset if sequence == position.segment else 0
            lag += max(0, (_size(folder, sequence) or 0) - passed)
    return lag


def release(root: Path, slot: int, positions: Collection[Position]) -> list[Path]:
    """Remove the segments that all readers' stored `positions` have passed; the paths removed.

    `positions` holds one position per reader there is; none given means nobody has read anything.
    The newest segment goes only with a dead writer, and the slot's folder with its last segment.
    A position that is ahead of the log belongs to another log: then nothing is removed.
    """
    if strangers := [str(position) for position in positions if position.slot != slot]:
        raise ValueError(
            f"Slot {slot} cannot be released up to {', '.join(strangers)}: give its own positions."
        )
    folder = slot_folder(root, slot)
    existing = sequences(folder)
    passed = min((position.segment for position in positions), default=0)
    if not existing:
        return _remove_slot(folder)
    if any(position.segment > existing[-1] + 1 for position in positions):
        return []
    removed = [_remove(folder, sequence) for sequence in existing[:-1] if sequence < passed]
    if existing[-1] < passed:
        removed += _remove_slot(folder, last=existing[-1])
    return removed


def _remove(folder: Path, sequence: int) -> Path:
    path = segment_path(folder, sequence)
    path.unlink(missing_ok=True)
    return path


def _remove_slot(folder: Path, *, last: int | None = None) -> list[Path]:
    """Remove the segment `last` and the folder, if no writer has the slot or takes it meanwhile."""
    try:
        lock = try_lock(folder)
    except FileNotFoundError:
        return []
    if lock is None:
        return []
    try:
        removed = [] if last is None else [_remove(folder, last)]
        if not sequences(folder):
            (folder / "lock").unlink()
            # Something of somebody else's may lie in the folder: then it stays.
            with contextlib.suppress(OSError):
                folder.rmdir()
        return removed
    finally:
        os.close(lock)


def _size(folder: Path, sequence: int) -> int | None:
    """The segment's length in bytes; None when it was removed since it was listed."""
    try:
        return segment_path(folder, sequence).stat().st_size
    except FileNotFoundError:
        return None
