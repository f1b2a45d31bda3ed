"""From bodies to tables: what was asked and answered, as columns and rows.

Runs behind the log, never on the way of an answer: the gateway itself does not look into bodies.
"""

import io
from typing import Any

import msgspec

Table = dict[str, Any]
_RAW_LIMIT = 4000


def table_of(body: bytes, content_type: str, *, names: list[str]) -> Table:
    """Return the inputs in `body` as `{"columns": […], "data": [[…]]}`.

    `names` are the signature's input names, for bodies that carry none. What is no table (a body
    for a language model, a tensor of higher rank, a refused body that is not even JSON) is
    returned as `{"raw": …}`.
    """
    kind = content_type.partition(";")[0].strip().lower()
    try:
        if kind == "text/csv":
            return _csv(body)
        if kind == "application/vnd.apache.parquet":
            return _parquet(body)
        return _json(msgspec.json.decode(body), names)
    except (msgspec.DecodeError, ValueError, KeyError, TypeError, AttributeError):
        return raw(body)


def raw(body: bytes) -> Table:
    """Return the beginning of what is no table."""
    return {"raw": body[:_RAW_LIMIT].decode("utf-8", "replace")}


def outputs_of(answer: bytes) -> Any:
    """Return the predictions in an answer, or the answer itself when it has none."""
    try:
        decoded = msgspec.json.decode(answer)
    except msgspec.DecodeError:
        return raw(answer)["raw"]
    if isinstance(decoded, dict) and "predictions" in decoded:
        return decoded["predictions"]
    return decoded


def row_count(table: Table) -> int:
    """Return how many rows `table` has; 1 for what is no table."""
    return len(table["data"]) if "data" in table else 1


def _json(body: Any, names: list[str]) -> Table:
    if not isinstance(body, dict):
        return {"raw": body}
    if "dataframe_split" in body:
        split = body["dataframe_split"]
        return _table(split.get("columns") or names, split["data"])
    if "dataframe_records" in body:
        return _records(body["dataframe_records"])
    if "instances" in body:
        return _instances(body["instances"], names)
    if "inputs" in body:
        return _inputs(body["inputs"], names)
    return {"raw": body}


def _table(columns: list[Any], data: list[Any]) -> Table:
    rows = [row if isinstance(row, list) else [row] for row in data]
    width = max((len(row) for row in rows), default=len(columns))
    names = [str(c) for c in columns] or [str(number) for number in range(width)]
    return {"columns": names, "data": rows}


def _records(records: list[dict[str, Any]]) -> Table:
    columns = list(dict.fromkeys(key for record in records for key in record))
    return _table(columns, [[record.get(key) for key in columns] for record in records])


def _instances(instances: list[Any], names: list[str]) -> Table:
    if instances and all(isinstance(entry, dict) for entry in instances):
        return _records(instances)
    return _rows_of_tensor(instances, names)


def _inputs(inputs: Any, names: list[str]) -> Table:
    if isinstance(inputs, dict):
        columns = list(inputs)
        values = [v if isinstance(v, list) else [v] for v in inputs.values()]
        length = max((len(v) for v in values), default=0)
        if any(len(v) != length for v in values):
            return {"raw": inputs}
        return _table(columns, [list(row) for row in zip(*values, strict=True)])
    if isinstance(inputs, list):
        return _instances(inputs, names)
    return {"raw": inputs}


def _rows_of_tensor(rows: list[Any], names: list[str]) -> Table:
    """Return a matrix (or a vector, as one column) as a table; deeper tensors are no table."""
    if any(isinstance(cell, list) for row in rows if isinstance(row, list) for cell in row):
        return {"raw": rows}
    width = len(rows[0]) if rows and isinstance(rows[0], list) else 1
    return _table(names if len(names) == width else [], rows)


def _csv(body: bytes) -> Table:
    import pandas as pd  # heavy, and only bodies in CSV need its reading of types

    frame = pd.read_csv(io.BytesIO(body))
    return _frame(frame)


def _parquet(body: bytes) -> Table:
    import pandas as pd  # heavy, and only bodies in Parquet need it

    return _frame(pd.read_parquet(io.BytesIO(body)))


def _frame(frame: Any) -> Table:
    split = msgspec.json.decode(frame.to_json(orient="split", date_format="iso"))
    return {"columns": [str(c) for c in split["columns"]], "data": split["data"]}
