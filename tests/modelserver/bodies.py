"""Bodies of requests that several tests vary."""

from typing import Any

from tests.modelserver.models import COLUMNS, data

JSON = "application/json"
CSV = "text/csv"
PARQUET = "application/vnd.apache.parquet"

FRAME = data()[0].head(3)
WINE = {"columns": COLUMNS, "data": FRAME.to_numpy().tolist()}
ROW = dict(zip(COLUMNS, [9.4, 3.51, 34.0], strict=True))
THING = {"x": 1, "y": "a"}
SCALAR_ROW = {
    "yes": True,
    "small": 3,
    "whole": 2**53 + 1,
    "single": 1.5,
    "double": 2,
    "text": "naïve “ü” \u0000 😀",
    "when": "2024-02-29T23:59:59.123456",
    "raw": "aGVsbG8=\n",
    "maybe": None,
}


def split(columns: list[Any] | None, rows: list[Any], **more: Any) -> dict[str, Any]:
    inner = {"data": rows} if columns is None else {"columns": columns, "data": rows}
    return {"dataframe_split": inner, **more}


def scalar(**changed: Any) -> dict[str, Any]:
    return {"dataframe_records": [SCALAR_ROW, {**SCALAR_ROW, **changed}]}


def nested(*rows: tuple[Any, Any, Any]) -> dict[str, Any]:
    """Return rows for the model whose columns are a list, an object and a map."""
    return split(["list", "thing", "map"], [list(row) for row in rows])
