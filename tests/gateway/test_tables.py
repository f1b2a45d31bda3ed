"""From bodies to tables, whatever form they came in."""

import io
import json
from typing import Any

import pandas as pd
import pytest

from gateway.tables import outputs_of, row_count, table_of

NAMES = ["pH", "alcohol"]
TABLE = {"columns": ["pH", "alcohol"], "data": [[3.1, 9.5], [3.2, None]]}
JSON = "application/json"


def _json(**body: Any) -> bytes:
    return json.dumps(body).encode()


def _parquet() -> bytes:
    file = io.BytesIO()
    pd.DataFrame(TABLE["data"], columns=TABLE["columns"]).to_parquet(file)
    return file.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (_json(dataframe_split=TABLE), JSON),
        (_json(dataframe_split={"data": TABLE["data"]}), JSON),
        (_json(dataframe_split={**TABLE, "index": [7, 8]}), "application/json; charset=utf-8"),
        (_json(dataframe_records=[{"pH": 3.1, "alcohol": 9.5}, {"pH": 3.2}]), JSON),
        (_json(instances=[{"pH": 3.1, "alcohol": 9.5}, {"pH": 3.2, "alcohol": None}]), JSON),
        (_json(instances=[[3.1, 9.5], [3.2, None]]), JSON),
        (_json(inputs=[[3.1, 9.5], [3.2, None]]), JSON),
        (_json(inputs={"pH": [3.1, 3.2], "alcohol": [9.5, None]}), JSON),
        (b"pH,alcohol\n3.1,9.5\n3.2,\n", "text/csv"),
        (_parquet(), "application/vnd.apache.parquet"),
    ],
)
def test_every_form_of_the_same_rows_is_the_same_table(body: bytes, content_type: str) -> None:
    table = table_of(body, content_type, names=NAMES)
    assert table == TABLE
    assert row_count(table) == 2


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (_json(inputs=[1, 2, 3]), {"columns": ["0"], "data": [[1], [2], [3]]}),
        (_json(inputs={"pH": 3.1, "alcohol": 9.5}), {"columns": NAMES, "data": [[3.1, 9.5]]}),
        (_json(instances=[[1, 2, 3]]), {"columns": ["0", "1", "2"], "data": [[1, 2, 3]]}),
        (_json(dataframe_records=[]), {"columns": [], "data": []}),
        (
            _json(dataframe_split={"columns": [1, None], "data": [[2, 3]]}),
            {"columns": ["1", "None"], "data": [[2, 3]]},
        ),
    ],
)
def test_what_brings_no_names_gets_numbers_or_those_of_the_signature(
    body: bytes, expected: dict[str, Any]
) -> None:
    assert table_of(body, JSON, names=NAMES) == expected


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": [[[1, 2], [3, 4]]]},
        {"inputs": {"a": [1, 2], "b": [1]}},
        {"inputs": "a prompt"},
        {"messages": [{"role": "user", "content": "Hello"}]},
        {"dataframe_records": [5]},
        {"instances": 5},
        [1, 2],
        "text",
        None,
    ],
)
def test_what_is_no_table_is_kept_as_it_is(body: Any) -> None:
    table = table_of(json.dumps(body).encode(), JSON, names=NAMES)
    assert list(table) == ["raw"]
    assert row_count(table) == 1


@pytest.mark.parametrize(
    ("answer", "outputs"),
    [
        (b'{"predictions": [1, 2]}', [1, 2]),
        (b'{"predictions": [{"a": 1}]}', [{"a": 1}]),
        (b'{"error_code": "BAD_REQUEST"}', {"error_code": "BAD_REQUEST"}),
        (b"[1]", [1]),
        (b"plain", "plain"),
        (b"", ""),
    ],
)
def test_the_predictions_in_an_answer_or_the_answer(answer: bytes, outputs: Any) -> None:
    assert outputs_of(answer) == outputs
