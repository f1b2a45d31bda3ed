"""The format of segment files, byte by byte, and their names.

A slot's folder holds `{sequence:016d}.seg`, read in the order of their sequence. The first sequence
of an empty folder is the time in microseconds, every later one is the highest plus one: so a folder
that was lost and begun again does not repeat names that stored positions know.

Numbers are unsigned and little-endian.

    header, 36 bytes                            record, 12 bytes + payload
     0  8  magic "PORTALOG"                      0  4  marker, as in the header
     8  4  format version, 1                     4  4  payload length n, 1 to 2^30
    12  4  marker: 4 random bytes                8  4  CRC-32 of bytes 0-8 and the payload
    16  8  created, ns since the epoch, UTC     12  n  payload
    24  8  sequence of the segment before
           it in this slot, 0 = none
    32  4  CRC-32 of bytes 0-32

Records follow each other without a gap. Why each field is there:
- The marker makes a record findable after damage at the speed of `bytes.find` and, since a payload
  is whatever a caller sent, keeps him from placing a forged record inside his own request.
- The checksum covers marker and length, and a length of 0 is refused: a tail of zeros, which some
  file systems leave after a power loss, is no record.
- The segment before tells a reader that a segment it had not read is missing.
"""

import os
import struct
import time
import zlib
from dataclasses import dataclass
from pathlib import Path

MAGIC = b"PORTALOG"
FORMAT = 1
HEADER_SIZE = 36
PREFIX_SIZE = 12
MAX_PAYLOAD = 1 << 30

_HEADER = struct.Struct("<8sI4sQQ")
_CHECKSUM = struct.Struct("<I")
_PREFIX = struct.Struct("<4sI")


@dataclass(frozen=True, slots=True)
class Header:
    """What stands at the head of a segment; `created` in ns since the epoch."""

    marker: bytes
    created: int
    previous: int
    version: int = FORMAT


def new_header(previous: int) -> Header:
    """The header of a segment made now, after the segment `previous` (0 = none)."""
    return Header(marker=os.urandom(4), created=time.time_ns(), previous=previous)


def encode_header(header: Header) -> bytes:
    """The 36 bytes of `header`."""
    data = _HEADER.pack(MAGIC, header.version, header.marker, header.created, header.previous)
    return data + _CHECKSUM.pack(zlib.crc32(data))


def decode_header(data: bytes) -> Header | None:
    """The header in the first 36 bytes of `data`, or None when they are not one."""
    if len(data) < HEADER_SIZE or data[: len(MAGIC)] != MAGIC:
        return None
    _magic, version, marker, created, previous = _HEADER.unpack_from(data)
    (checksum,) = _CHECKSUM.unpack_from(data, _HEADER.size)
    if checksum != zlib.crc32(data[: _HEADER.size]):
        return None
    return Header(marker=marker, created=created, previous=previous, version=version)


def encode_prefix(marker: bytes, payload: bytes) -> bytes:
    """The 12 bytes that stand before `payload`."""
    start = _PREFIX.pack(marker, len(payload))
    return start + _CHECKSUM.pack(zlib.crc32(payload, zlib.crc32(start)))


def payload_length(marker: bytes, prefix: bytes) -> int | None:
    """The payload length that `prefix` announces, or None when it is no record's prefix."""
    if len(prefix) < PREFIX_SIZE:
        return None
    found, length = _PREFIX.unpack_from(prefix)
    return length if found == marker and 0 < length <= MAX_PAYLOAD else None


def segment_path(folder: Path, sequence: int) -> Path:
    """Where the segment `sequence` of the slot `folder` lies."""
    return folder / f"{sequence:016d}.seg"


def sequences(folder: Path) -> list[int]:
    """The sequences of the segments in `folder`, ascending; none when the folder is not there."""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except FileNotFoundError:
        return []
    stems = (name[:-4] for name in names if name.endswith(".seg"))
    return sorted(int(stem) for stem in stems if stem.isascii() and stem.isdigit())


def next_sequence(existing: list[int]) -> int:
    """The sequence after `existing`, which is ascending."""
    return existing[-1] + 1 if existing else time.time_ns() // 1000
