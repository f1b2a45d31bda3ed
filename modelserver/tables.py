"""Bodies as columns: what is wrong with the shape of a body, before MLflow sees it.

Positions of rows count from 0, as in the portal's REST.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from modelserver.answers import Refusal, listed, show
from modelserver.frames import MAX_BODY_BYTES

SPLIT: Final = "dataframe_split"
RECORDS: Final = "dataframe_records"
INSTANCES: Final = "instances"
INPUTS: Final = "inputs"
CSV: Final = "csv"
PARQUET: Final = "parquet"

# The module's default of 128 kB would refuse a base64 picture that pandas reads.
csv.field_size_limit(MAX_BODY_BYTES)


class _Absent:
    """The type of ABSENT, what a record holds under a key it does not have."""


ABSENT: Final = _Absent()


@dataclass(frozen=True, slots=True)
class Table:
    """A body column by column; `names` is None when its columns have none.

    `form` is where it came from: one of the four JSON keys, `csv` or `parquet`.
    """

    form: str
    names: tuple[Any, ...] | None
    columns: tuple[Sequence[Any], ...]


def json_table(form: str, payload: Any) -> Table | None:
    """Take the value under one of the four keys apart; None when it is not tabular.

    Raises Refusal for what is no table although the key says so: rows of unequal length, columns
    that appear twice, values of the wrong shape.
    """
    if form == SPLIT:
        return _split_table(payload)
    if form == RECORDS and not isinstance(payload, list):
        raise Refusal(f"'{RECORDS}' must be a list of objects, one for each row.")
    if isinstance(payload, dict) and form == INPUTS:
        columns = (value if isinstance(value, list) else [value] for value in payload.values())
        return Table(form, tuple(payload), tuple(columns))
    if not isinstance(payload, list):
        return None
    if not payload:
        return Table(form, (), ()) if form == RECORDS else None
    if any(isinstance(row, dict) for row in payload):
        return _records_table(form, payload)
    if form == RECORDS:
        return Table(form, None, _columns(form, payload))
    flat = not any(isinstance(row, list) for row in payload)
    return Table(form, None, (payload,)) if flat else None


def csv_names(text: str) -> tuple[str, ...]:
    """Return the header of a CSV body; raises Refusal when a row has more or fewer fields."""
    if (names := _plain_csv_names(text)) is not None:
        refuse_repeated(names)
        return names
    rows = _csv_rows(text)
    header = next(rows, None)
    if header is None:
        raise Refusal("The body is empty.", hint="Send CSV whose first line names the columns.")
    refuse_repeated(header)
    for position, row in enumerate(rows):
        if len(row) != len(header):
            raise Refusal(
                f"Row {position} has {len(row)} fields; the first line names {len(header)} columns."
            )
    return tuple(header)


def csv_table(text: str) -> Table:
    """Take a CSV body apart that `csv_names` has let through; all values are text."""
    rows = _csv_rows(text)
    header = next(rows)
    columns = list(zip(*rows, strict=True)) or [()] * len(header)
    return Table(CSV, tuple(header), tuple(columns))


def refuse_repeated(names: Iterable[Any]) -> None:
    """Raise Refusal when a column name appears twice."""
    repeated = [str(name) for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise Refusal(f"Column {listed(repeated)} appears more than once.")


def _split_table(payload: Any) -> Table:
    if not isinstance(payload, dict):
        raise Refusal(f"'{SPLIT}' must be an object with 'columns' and 'data'.")
    unknown = [key for key in payload if key not in ("columns", "data", "index")]
    if "data" not in payload or unknown:
        wrong = f"has the unknown key {listed(unknown)}" if unknown else "has no 'data'"
        raise Refusal(f"'{SPLIT}' {wrong}.", hint="It takes 'columns', 'data' and 'index'.")
    names, data = payload.get("columns"), payload["data"]
    if not isinstance(data, list):
        raise Refusal(f"'{SPLIT}.data' must be a list of rows.")
    if names is None:
        return Table(SPLIT, None, _columns(SPLIT, data))
    if not isinstance(names, list):
        raise Refusal(f"'{SPLIT}.columns' must be a list of names.")
    for name in names:
        if not isinstance(name, str | int | float):
            raise Refusal(f"'{SPLIT}.columns' holds {show(name)}, which is no name of a column.")
    refuse_repeated(names)
    return Table(SPLIT, tuple(names), _columns(SPLIT, data, width=len(names)))


def _columns(form: str, rows: list[Any], *, width: int | None = None) -> tuple[Sequence[Any], ...]:
    if rows and not any(isinstance(row, list | dict) for row in rows) and width in (None, 1):
        return (rows,)
    for position, row in enumerate(rows):
        if not isinstance(row, list):
            raise Refusal(f"Row {position} of '{form}' is {show(row)}, which is no list of values.")
        if width is None:
            width = len(row)
        if len(row) != width:
            raise Refusal(f"Row {position} of '{form}' has {len(row)} values instead of {width}.")
    return tuple(zip(*rows, strict=True)) or ((),) * (width or 0)


def _records_table(form: str, rows: list[Any]) -> Table:
    names: dict[str, None] = {}
    for position, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Refusal(f"Row {position} of '{form}' is {show(row)}, which is no object.")
        names.update(dict.fromkeys(row))
    columns = tuple([row.get(name, ABSENT) for row in rows] for name in names)
    return Table(form, tuple(names), columns)


def _plain_csv_names(text: str) -> tuple[str, ...] | None:
    """Return the header when commas alone show that all rows are as long, ten times as fast."""
    if '"' in text or "\r" in text or "\ufeff" in text:
        return None
    lines = [line for line in text.split("\n") if line and not line.isspace()]
    if len({line.count(",") for line in lines}) != 1:
        return None
    return tuple(lines[0].split(","))


def _csv_rows(text: str) -> Iterator[list[str]]:
    try:
        # pandas skips blank lines and a byte-order mark as well.
        for row in csv.reader(StringIO(text.removeprefix("\ufeff"), newline="")):
            if row and (len(row) > 1 or row[0].strip()):
                yield row
    except csv.Error as error:
        raise Refusal(f"The body is not valid CSV: {error}.") from error
