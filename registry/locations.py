"""Writes to MLflow that could lead it out of its artifact store: which there are, what is refused.

MLflow reads and writes files wherever an experiment or a trace says that they lie, as the
portal's own user. So these locations may only be below `mlflow-artifacts:`, which the server
itself maps to the configured store; `registry.server` limits the sources of model versions.
"""

import json
import re
import zlib
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from registry.errors import RefusedWrite

LONGEST_BODY: Final = 16 * 2**20
"""Bytes of such a write, also once unpacked; none that a client sends comes near."""

_CREATES_EXPERIMENT: Final = re.compile(
    r"/(ajax-)?api/\d\.\d/mlflow/experiments/create/?", re.IGNORECASE
)
_TRACE: Final = re.compile(r"/(ajax-)?api/\d\.\d/mlflow/traces(/.*)?", re.IGNORECASE | re.DOTALL)
_SPANS: Final = re.compile(r"/v1/traces(/.*)?", re.IGNORECASE | re.DOTALL)
_PLACE_TAGS: Final = ("mlflow.artifactLocation", "mlflow.trace.archiveLocation")
_TAG_OF_A_SPAN: Final = "mlflow.traceTag."
_UNPACKED: Final = ("", "identity")
_WINDOWS: Final = {"gzip": (31,), "deflate": (15, -15)}


def may_name_a_place(path: str) -> bool:
    """Say whether a write to `path` (without `/mlflow` in front) can tell where files lie."""
    path = re.sub("/+", "/", path)
    return any(route.fullmatch(path) for route in (_CREATES_EXPERIMENT, _TRACE, _SPANS))


def check_places(path: str, body: bytes, *, encoding: str = "") -> None:
    """Let a write pass that names no place outside the artifact store.

    Raises:
        RefusedWrite: it does, or cannot be read.
    """
    path = re.sub("/+", "/", path)
    if _SPANS.fullmatch(path):
        _check_spans(_unpacked(body, encoding.strip().lower()))
        return
    message = message_in(body)
    if _CREATES_EXPERIMENT.fullmatch(path):
        _check_experiment(message)
    else:
        _check_tags(message)


def message_in(body: bytes) -> Any:
    """Return the JSON of a body as MLflow reads it: also twice encoded, `{}` for an empty one.

    Raises:
        RefusedWrite: it is no JSON.
    """
    try:
        message = json.loads(body) if body.strip() else {}
        return json.loads(message) if isinstance(message, str) else message
    except (ValueError, RecursionError) as error:
        raise RefusedWrite(f"The body cannot be read as JSON: {error}.") from error


def is_in_the_store(location: str) -> bool:
    """Say whether `location` lies below the artifact store that the server was started with."""
    try:
        parts = urlsplit(location)
    except ValueError:
        return False
    path = parts.path
    while (plain := unquote(path)) != path:
        path = plain
    # With a host in it, clients would send their files, and their tokens, there.
    return (
        parts.scheme == "mlflow-artifacts"
        and not (parts.netloc or parts.query or parts.fragment or path.startswith("//"))
        and ".." not in path.replace("\\", "/").split("/")
        and location.isprintable()
    )


def _check_experiment(message: Any) -> None:
    fields = message if isinstance(message, dict) else {}
    for name, location in fields.items():
        # Protocol buffers know a field by both spellings.
        if name.replace("_", "").lower() != "artifactlocation" or location in (None, ""):
            continue
        if not (isinstance(location, str) and is_in_the_store(location)):
            raise RefusedWrite(
                f"An experiment cannot keep its artifacts at {str(location)[:200]!r}: they belong "
                "in the portal's artifact store.",
                hint="Leave artifact_location out, or begin it with 'mlflow-artifacts:/'.",
            )


def _check_tags(message: Any) -> None:
    for text in _texts(message):
        if text.strip().removeprefix(_TAG_OF_A_SPAN) in _PLACE_TAGS:
            raise _of_a_trace(text.strip())


def _check_spans(body: bytes) -> None:
    for tag in _PLACE_TAGS:
        if tag.encode() in body:
            raise _of_a_trace(tag)
    # Spans may be JSON too, in which the letters of a key can be written in other ways.
    try:
        message = message_in(body)
    except RefusedWrite:
        return
    _check_tags(message)


def _of_a_trace(tag: str) -> RefusedWrite:
    return RefusedWrite(
        f"The tag {tag} of a trace says where MLflow looks for its files, so only MLflow sets it.",
        hint="Leave it out.",
    )


def _texts(message: Any) -> Iterator[str]:
    """Yield every key and every text of a JSON document, however deep."""
    left = [message]
    while left:
        item = left.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            left += [*item.keys(), *item.values()]
        elif isinstance(item, list):
            left += item


def _unpacked(body: bytes, encoding: str) -> bytes:
    if encoding in _UNPACKED:
        return body
    if encoding not in _WINDOWS:
        raise RefusedWrite(
            f"Spans cannot come encoded as {encoding[:50]!r}.", hint="Use gzip.", status=415
        )
    # As MLflow does it: a stream of deflate may lack its head.
    for window in _WINDOWS[encoding]:
        unpacking = zlib.decompressobj(window)
        try:
            plain = unpacking.decompress(body, LONGEST_BODY + 1)
        except zlib.error:
            continue
        if len(plain) > LONGEST_BODY:
            raise RefusedWrite(
                f"Unpacked, the spans have more than {LONGEST_BODY} bytes.",
                hint="Send fewer at a time.",
                status=413,
            )
        if unpacking.eof and not unpacking.unused_data:
            return plain
    raise RefusedWrite(f"The spans cannot be unpacked by {encoding}, in one piece.")
