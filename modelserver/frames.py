"""The framed protocol between the portal and a model server: one header and one body per frame.

    u32 header length | u32 body length | header: JSON object, UTF-8 | body: raw bytes

Lengths are big-endian. A connection carries many requests at once; an answer names its request by
`id` and answers come in any order. Model servers outlive the portal that started them, so both
sides ignore header fields they do not know and give missing ones their default.
"""

import asyncio
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

LENGTHS: Final = struct.Struct("!II")
MAX_HEADER_BYTES: Final = 64 * 1024
MAX_BODY_BYTES: Final = 256 * 1024 * 1024

INVOCATIONS: Final = "invocations"
PING: Final = "ping"
DESCRIBE: Final = "describe"
STOP: Final = "stop"

NOT_RUN: Final = 503
"""The status of a request that the server did not run because it is stopping: safe to send again.

No answer of a model carries it.
"""


class FrameError(Exception):
    """A frame that cannot be sent or understood; the message says which length or field."""


@dataclass(frozen=True, slots=True)
class RequestHeader:
    """What is asked; `timeout_ms` counts from when the server has read the frame, 0 is none."""

    id: int
    op: str
    content_type: str = ""
    timeout_ms: int = 0

    @classmethod
    def parse(cls, header: Mapping[str, Any]) -> "RequestHeader":
        """Read a request's header; raises FrameError when a field is missing or of another type."""
        return cls(
            id=_field(header, "id", int),
            op=_field(header, "op", str),
            content_type=_field(header, "content_type", str, ""),
            timeout_ms=_field(header, "timeout_ms", int, 0),
        )


@dataclass(frozen=True, slots=True)
class ResponseHeader:
    """How a request ended.

    `model_ms` is the time in the model's thread (reading the body, checking, predicting, writing
    the answer), `queue_ms` the wait for it; `warnings` names what was ignored in the input.
    """

    id: int
    status: int
    content_type: str = "application/json"
    model_ms: float = 0.0
    queue_ms: float = 0.0
    warnings: tuple[str, ...] = ()

    @classmethod
    def parse(cls, header: Mapping[str, Any]) -> "ResponseHeader":
        """Read an answer's header; raises FrameError when a field is missing or of another type."""
        return cls(
            id=_field(header, "id", int),
            status=_field(header, "status", int),
            content_type=_field(header, "content_type", str, ""),
            model_ms=float(_field(header, "model_ms", (int, float), 0.0)),
            queue_ms=float(_field(header, "queue_ms", (int, float), 0.0)),
            warnings=tuple(str(name) for name in _field(header, "warnings", list, [])),
        )


Header = RequestHeader | ResponseHeader

# json.dumps() and dataclasses.asdict() would cost 10 us per frame instead of 3.
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"))


def encode_head(header: Header, body_bytes: int, *, max_body: int = MAX_BODY_BYTES) -> bytes:
    """Return all of a frame that comes before its body; raises FrameError over a limit."""
    fields = {name: getattr(header, name) for name in header.__slots__}
    encoded = _ENCODER.encode(fields).encode()
    _check_lengths(len(encoded), body_bytes, max_body)
    return LENGTHS.pack(len(encoded), body_bytes) + encoded


def decode_lengths(prefix: bytes, *, max_body: int = MAX_BODY_BYTES) -> tuple[int, int]:
    """Return (header bytes, body bytes) of the frame that begins with `prefix`, eight bytes."""
    header_bytes, body_bytes = LENGTHS.unpack(prefix)
    _check_lengths(header_bytes, body_bytes, max_body)
    return header_bytes, body_bytes


def decode_header(encoded: bytes) -> dict[str, Any]:
    """Return the JSON object of a header; raises FrameError when it is something else."""
    try:
        header = json.loads(encoded)
    except (ValueError, RecursionError) as error:
        raise FrameError(f"The frame's header is not JSON: {error}.") from error
    if not isinstance(header, dict):
        raise FrameError(f"The frame's header is a {type(header).__name__}, not an object.")
    return header


async def read_frame(
    reader: asyncio.StreamReader, *, max_body: int = MAX_BODY_BYTES
) -> tuple[dict[str, Any], bytes] | None:
    """Read one frame as (header, body), or None when the peer closed between two frames.

    Raises FrameError when a length is over its limit, the header is no JSON object or the stream
    ends inside a frame. The stream cannot be used after that: where the next frame begins is lost.
    """
    try:
        prefix = await reader.readexactly(LENGTHS.size)
    except asyncio.IncompleteReadError as error:
        if not error.partial:
            return None
        raise FrameError("The connection ended inside the lengths of a frame.") from error
    header_bytes, body_bytes = decode_lengths(prefix, max_body=max_body)
    try:
        header = decode_header(await reader.readexactly(header_bytes))
        return header, await reader.readexactly(body_bytes)
    except asyncio.IncompleteReadError as error:
        raise FrameError(
            f"The connection ended inside a frame: {len(error.partial)} of {error.expected} bytes."
        ) from error


async def write_frame(
    writer: asyncio.StreamWriter, header: Header, body: bytes, *, max_body: int = MAX_BODY_BYTES
) -> None:
    """Write one frame and wait until the peer has room for more.

    The frame is handed over whole before the first await, so writers on one connection cannot mix
    their frames and a cancelled writer leaves no half of one. Raises FrameError over a limit, with
    nothing written, and OSError when the connection is gone.
    """
    head = encode_head(header, len(body), max_body=max_body)
    writer.write(head)
    if body:
        writer.write(body)
    await writer.drain()


def _check_lengths(header_bytes: int, body_bytes: int, max_body: int) -> None:
    if header_bytes > MAX_HEADER_BYTES:
        raise FrameError(
            f"A frame's header of {header_bytes} bytes is over the limit of {MAX_HEADER_BYTES}."
        )
    if body_bytes > max_body:
        raise FrameError(f"A frame's body of {body_bytes} bytes is over the limit of {max_body}.")


def _field(
    header: Mapping[str, Any], name: str, kind: type | tuple[type, ...], default: Any = None
) -> Any:
    value = header.get(name, default)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise FrameError(f"The frame's header has {name}={value!r:.60}, which cannot be used.")
    return value
