"""Predictions as JSON, CSV or Parquet, streamed: a chunk in memory, whatever the length."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from asgiref.sync import sync_to_async

from core.errors import InvalidError
from core.spreadsheets import safe_cell
from gateway import selectors
from gateway.stores import StoredPrediction
from gateway.stores.protocol import Query

if TYPE_CHECKING:
    import pyarrow as pa

CONTENT_TYPES: Final = {
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}
_ROWS_PER_CHUNK: Final = 2000
_FIXED: Final = ("id", "row", "time", "version", "status", "request_id", "caller")
_LAST: Final = ("prediction", "truth", "other")
_END: Final = object()

Line = dict[str, Any]


def export(query: Query, *, form: str, columns: list[dict[str, Any]]) -> Iterator[bytes]:
    """Yield the predictions of `query` in `form`, a line per row of input.

    `columns` is the signature of the inputs; what a body held besides goes to the column `other`.

    Raises:
        InvalidError: there is no such form.
    """
    if form not in CONTENT_TYPES:
        raise InvalidError(
            f"format is {form!r}; it must be one of {', '.join(CONTENT_TYPES)}.",
            fields={"format": ["unknown"]},
        )
    rows = selectors.with_truths(selectors.predictions(query))
    if form == "json":
        return _json(rows)
    inputs = _headings([str(column["name"]) for column in columns if column.get("name")])
    lines = (line for row, truths in rows for line in _lines(row, truths, inputs))
    headings = [*_FIXED, *inputs.values(), *_LAST]
    return _csv(lines, headings) if form == "csv" else _parquet(lines, _schema(columns, inputs))


async def in_threads(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Give the chunks of a blocking iterator to an event loop without blocking it."""
    take = sync_to_async(lambda: next(chunks, _END))
    while (chunk := await take()) is not _END:
        yield chunk  # type: ignore[misc]


def as_object(row: StoredPrediction, truths: dict[int, Any]) -> dict[str, Any]:
    """Return a prediction as REST shows it."""
    return {
        "id": str(row.id),
        "time": row.time,
        "deployment": row.deployment,
        "model": row.model,
        "version": row.version,
        "request_id": row.request_id,
        "caller": row.caller,
        "status": row.status,
        "rows": row.rows,
        "inputs": msgspec.Raw(row.inputs.encode()),
        "predictions": msgspec.Raw(row.outputs.encode()),
        "truths": {str(number): value for number, value in truths.items()},
        "findings": row.findings,
        "model_ms": row.model_ms,
        "total_ms": row.total_ms,
        "backfilled": row.backfilled,
    }


def _json(rows: Iterator[tuple[StoredPrediction, dict[int, Any]]]) -> Iterator[bytes]:
    encode = msgspec.json.Encoder().encode
    opening = b"["
    for row, truths in rows:
        yield opening + encode(as_object(row, truths))
        opening = b",\n"
    yield b"[]" if opening == b"[" else b"]"


def _headings(names: list[str]) -> dict[str, str]:
    """Return the heading of each input: its name, or `input.NAME` where the portal has such one."""
    ours = {*_FIXED, *_LAST}
    headings = {}
    for name in names:
        heading = name
        while heading in ours or (heading != name and heading in names):
            heading = f"input.{heading}"
        headings[name] = heading
    return headings


def _lines(row: StoredPrediction, truths: dict[int, Any], inputs: dict[str, str]) -> Iterator[Line]:
    """Yield a line per row of input; `inputs` gives the heading of each input."""
    table = msgspec.json.decode(row.inputs)
    outputs = msgspec.json.decode(row.outputs)
    columns = table.get("columns", [])
    data = table.get("data", [[]])
    for number, values in enumerate(data):
        cells = dict(zip(columns, values, strict=False))
        if "raw" in table:
            cells = {"raw": table["raw"]}
        other = {key: value for key, value in cells.items() if key not in inputs}
        per_row = isinstance(outputs, list) and len(outputs) == len(data)
        yield {
            "id": str(row.id),
            "row": number,
            "time": row.time,
            "version": row.version,
            "status": row.status,
            "request_id": row.request_id,
            "caller": row.caller,
            **{heading: cells.get(name) for name, heading in inputs.items()},
            "prediction": outputs[number] if per_row else outputs,
            "truth": truths.get(number),
            "other": other or None,
        }


def _csv(lines: Iterator[Line], headings: list[str]) -> Iterator[bytes]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([_cell(heading) for heading in headings])
    for number, line in enumerate(lines, start=1):
        writer.writerow([_cell(line[heading]) for heading in headings])
        if number % _ROWS_PER_CHUNK == 0:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def _cell(value: Any) -> Any:
    plain = value is None or isinstance(value, str | int | float)
    return safe_cell(value if plain else _text(value))


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        # Always with microseconds: readers of tables expect one form in one column.
        return value.isoformat(timespec="microseconds")
    return msgspec.json.encode(value).decode()


def _parquet(lines: Iterator[Line], schema: "pa.Schema") -> Iterator[bytes]:
    import pyarrow as pa  # half a second to import, and only this form needs it
    import pyarrow.parquet as pq

    sink = _Sink()
    with pq.ParquetWriter(pa.PythonFile(sink, mode="w"), schema, compression="zstd") as writer:
        while chunk := [line for _, line in zip(range(_ROWS_PER_CHUNK), lines, strict=False)]:
            arrays = [pa.array([_typed(line[f.name], f) for line in chunk], f.type) for f in schema]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema))
            yield sink.take()
    yield sink.take()


def _schema(columns: list[dict[str, Any]], inputs: dict[str, str]) -> "pa.Schema":
    import pyarrow as pa  # see _parquet

    whole, number = pa.int64(), pa.float64()
    types = {"double": number, "float": number, "long": whole, "integer": whole}
    kinds = {str(column["name"]): column.get("type") for column in columns if column.get("name")}
    fields = [
        ("id", pa.string()),
        ("row", pa.int64()),
        ("time", pa.timestamp("us", tz="UTC")),
        ("version", pa.string()),
        ("status", pa.int64()),
        ("request_id", pa.string()),
        ("caller", pa.string()),
        *((heading, types.get(str(kinds[name]), pa.string())) for name, heading in inputs.items()),
        *((name, pa.string()) for name in _LAST),
    ]
    return pa.schema(fields)


def _typed(value: Any, field: "pa.Field") -> Any:
    """Return `value` as the column takes it; a text in a column of numbers becomes missing."""
    if value is None:
        return None
    if str(field.type) == "string":
        return value if isinstance(value, str) else _text(value)
    if str(field.type) == "double":
        return _float(value)
    if str(field.type) == "int64":
        return _whole(value)
    return value


def _float(value: Any) -> float | None:
    try:
        return float(value) if isinstance(value, int | float) else None
    except OverflowError:  # a whole number beyond doubles, which no model takes either
        return None


def _whole(value: Any) -> int | None:
    """Return a whole number of 64 bits, digit by digit; doubles would round long ids."""
    if not isinstance(value, int | float) or value != value // 1:
        return None
    return int(value) if -(2**63) <= value < 2**63 else None


class _Sink(io.RawIOBase):
    """A file that hands on what was written since the last look."""

    def __init__(self) -> None:
        super().__init__()
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._size

    def write(self, data: Any) -> int:
        part = bytes(data)
        self._parts.append(part)
        self._size += len(part)
        return len(part)

    def take(self) -> bytes:
        """Return what was written since the last call."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
