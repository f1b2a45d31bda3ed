"""What is refused, with which status and which words."""

import io
import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from tests.modelserver.bodies import (
    CSV,
    FRAME,
    JSON,
    PARQUET,
    ROW,
    THING,
    WINE,
    nested,
    scalar,
    split,
)
from tests.modelserver.conftest import Pair
from tests.modelserver.models import COLUMNS

# MLflow and its libraries warn about themselves; what they warn about is not under test.
pytestmark = pytest.mark.filterwarnings("ignore")

GetPair = Callable[[str], Pair]

BAD: list[tuple[str, Any, str]] = [
    ("forest", b"", "The body is empty."),
    ("forest", b"   \n", "The body is empty."),
    ("forest", b"[1, 2]", "The body is a list, not an object."),
    ("forest", b"5", "The body is a single value, not an object."),
    ("forest", b'{"dataframe_split": {', "at line 1, column"),
    ("forest", b'{"a": "\xff"}', "not UTF-8: byte 7 cannot be read"),
    ("forest", b"[" * 100_000, "nested too deeply"),
    ("forest", b'{"inputs": ' + b"[" * 400 + b"]" * 400 + b"}", "no names"),
    ("forest", b'{"inputs": ' + b"9" * 5000 + b"}", "too many digits"),
    ("forest", b'{"dataframe_split": {"columns": ["pH"], "data": [[NaN]]}}', "holds NaN"),
    ("forest", b'{"dataframe_split": {"columns": ["pH"], "data": [[-Infinity]]}}', "-Infinity"),
    ("forest", b'{"dataframe_split": {"columns": ["pH"], "data": [[1e999]]}}', "1e999"),
    ("forest", {}, "none of dataframe_split"),
    ("forest", {"data": [[1]]}, "unknown key 'data'"),
    ("forest", {"dataframe_split": WINE, "id": 7}, "unknown key 'id'"),
    ("forest", {"dataframe_split": WINE, "inputs": []}, "both dataframe_split and inputs"),
    ("forest", {"dataframe_split": WINE, "params": [1]}, "'params' must be an object"),
    ("forest", {"dataframe_split": [1]}, "must be an object"),
    ("forest", {"dataframe_split": {"columns": COLUMNS}}, "has no 'data'"),
    ("forest", {"dataframe_split": {**WINE, "rows": 1}}, "unknown key 'rows'"),
    ("forest", {"dataframe_split": {**WINE, "data": {}}}, "must be a list of rows"),
    ("forest", {"dataframe_split": {**WINE, "columns": "pH"}}, "must be a list of names"),
    ("forest", split([["a"], "b", "c"], [[1, 2, 3]]), '["a"], which is no name'),
    ("forest", {"dataframe_split": {**WINE, "index": [1]}}, "does not fit"),
    ("forest", {"dataframe_records": ROW}, "must be a list of objects"),
    ("forest", {"dataframe_records": [ROW, 5]}, "Row 1 of 'dataframe_records' is 5"),
    ("forest", {"dataframe_records": []}, "are missing"),
    ("forest", split(COLUMNS[:2], [[1, 2]]), "Column 'total sulfur dioxide' is missing."),
    ("forest", split([*COLUMNS, "quality"], [[1, 2, 3, 4]]), "Column 'quality' is not among"),
    ("forest", split(["alcohol", "PH", COLUMNS[2]], [[1, 2, 3]]), "'pH' is missing and column 'P"),
    ("forest", split([*COLUMNS, "pH"], [[1, 2, 3, 4]]), "Column 'pH' appears more than once."),
    ("forest", split(COLUMNS, [[1, 2, 3], [1, 2]]), "Row 1 of 'dataframe_split' has 2 values"),
    ("forest", split(COLUMNS, [[1, 2, 3], 5]), "Row 1 of 'dataframe_split' is 5"),
    ("forest", split(None, [[1, 2, 3]]), "columns have no names"),
    ("forest", {"inputs": [[1, 2, 3]]}, "columns have no names"),
    ("forest", split(COLUMNS, [[1, 2, 3], [1, "a", 3]]), "Column 'pH', row 1: \"a\" is not"),
    ("forest", split(COLUMNS, [[1, [2], 3]]), "Column 'pH', row 0: [2] is not a double."),
    ("forest", split(COLUMNS, [[1, {"a": 1}, 3]]), "Column 'pH', row 0: {\"a\": 1} is not"),
    ("forest", split(COLUMNS, [[1, 10**400, 3]]), "Column 'pH', row 0: 1000"),
    ("forest", {"instances": [ROW, {"pH": 1, "alcohol": 1}]}, "is missing in row 1"),
    ("forest", {"dataframe_records": [{"pH": 1, "alcohol": 1}, ROW]}, "is missing in row 0"),
    ("forest", {"inputs": {**ROW, "pH": [1, 2], "alcohol": [1]}}, "'pH' differ: 1 and 2 values"),
    ("forest", {"inputs": {**ROW, "pH": "abc"}}, "Column 'pH', row 0: \"abc\" is not a double."),
    ("forest", {"messages": []}, "missing"),
    ("scalars", scalar(small=3.7), "Column 'small', row 1: 3.7 is not an integer."),
    ("scalars", scalar(small=2**31), "Column 'small', row 1: 2147483648 is not an integer."),
    ("scalars", scalar(whole=2**63), "Column 'whole', row 1: 9223372036854775808 is not a long."),
    ("scalars", scalar(whole=None), "Column 'whole', row 1: null where the model needs a long."),
    ("scalars", scalar(whole="1.5"), "Column 'whole', row 1: \"1.5\" is not a long."),
    ("scalars", scalar(single=1e39), "Column 'single', row 1: 1e+39 is not a float."),
    ("scalars", scalar(yes="no"), "Column 'yes', row 1: \"no\" is not a boolean."),
    ("scalars", scalar(yes=2), "Column 'yes', row 1: 2 is not a boolean."),
    ("scalars", scalar(yes=None), "Column 'yes', row 1: null where the model needs a boolean."),
    ("scalars", scalar(text=5), "Column 'text', row 1: 5 is not a string."),
    ("scalars", scalar(when="soon"), "Column 'when', row 1: \"soon\" is not a datetime."),
    ("scalars", scalar(raw=5), "Column 'raw', row 1: 5 is not a binary."),
    ("nested", nested(([1], THING, {}), (["a"], THING, {})), "Column 'list', row 1"),
    ("nested", nested(([1], {**THING, "x": "no"}, {})), "Column 'thing', row 0"),
    ("nested", nested(([1], {"x": 1}, {})), "Column 'thing', row 0"),
    ("nested", nested(([1], THING, {"k": "v"})), "Column 'map', row 0"),
    ("params", {"inputs": [1], "params": {"temperature": "hot"}}, "'temperature': \"hot\" is not"),
    ("unsigned", {"inputs": [[1, 2], [3]]}, "Row 1 of the input has another length than row 0."),
    ("unsigned", {"instances": [{"a": 1}, {"b": 2}, {"a": 1}]}, "length"),
    ("unnamed", split(None, [[1]]), "The body has 1 columns; the model takes 2."),
    ("unnamed", split(None, [[1, 2, 3]]), "The body has 3 columns; the model takes 2."),
    ("unnamed", split(None, [[1, 2.5]]), "Column 1, row 0: 2.5 is not a long."),
    ("unnamed", split(["a", "b"], [[1, 2.5]]), "Column 'b', row 0: 2.5 is not a long."),
    ("single", {"inputs": [1, "x"]}, "Column 'n', row 1: \"x\" is not a long."),
    ("tensor", {"inputs": [[1, 2]]}, "Shape of input (1, 2) does not match expected shape (-1, 3)"),
    ("tensor", {"inputs": [[1, 2, "abc"]]}, "could not convert string to float: 'abc'"),
    ("tensor", {"inputs": {"a": [1]}}, "does not fit"),
    ("tensors", {"inputs": {"label": [7]}}, "Column 'image' is missing."),
    ("tensors", {"inputs": {"image": [[[1, 2]]], "label": [7]}}, "Input 'image'"),
    ("hinted", {"inputs": ["a", 5]}, "does not fit"),
    ("hinted", {"dataframe_split": WINE}, "under 'inputs', not under 'dataframe_split'"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "body", "words"), BAD)
def test_a_bad_body_is_refused_with_400_and_one_sentence(
    pair: GetPair, model: str, body: Any, words: str
) -> None:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = pair(model).scorer.score(encoded, JSON)
    error = json.loads(answer.body)
    assert (answer.status, error["error_code"]) == (400, "BAD_REQUEST"), error
    assert words in error["message"]
    assert set(error) == {"error_code", "message", "hint"}
    assert len(error["message"]) <= 600
    assert "\n" not in error["message"]
    assert "site-packages" not in error["message"]


BAD_CSV: list[tuple[str, bytes, str]] = [
    ("forest", b"", "The body is empty."),
    ("forest", b"\xff\xfe", "not UTF-8"),
    ("forest", b"alcohol,pH,total sulfur dioxide\n1,2\n", "Row 0 has 2 fields"),
    ("forest", b"alcohol,pH,total sulfur dioxide\n1,2,3\n\n9,1,2,3\n", "Row 1 has 4 fields"),
    ("forest", b"alcohol,pH\n1,2\n", "'total sulfur dioxide' is missing"),
    ("forest", b",alcohol,pH,total sulfur dioxide\n0,1,2,3\n", "Column '' is not among"),
    ("forest", b"alcohol,pH,pH,total sulfur dioxide\n1,2,2,3\n", "more than once"),
    ("forest", b"alcohol,pH,total sulfur dioxide\n1,2,3\n1,x,3\n", "Column 'pH', row 1: \"x\" is"),
    ("single", b"n\n1\n\n2.5\n", "Column 'n', row 1: \"2.5\" is not a long."),
    ("unsigned", b'a,b\n1,"x\n', "does not fit"),
    ("unnamed", b"a,b,c\n1,2,3\n", "The body has 3 columns; the model takes 2."),
]  # fmt: skip


@pytest.mark.parametrize(("model", "body", "words"), BAD_CSV)
def test_bad_csv_is_refused_with_400_and_one_sentence(
    pair: GetPair, model: str, body: bytes, words: str
) -> None:
    answer = pair(model).scorer.score(body, CSV)
    error = json.loads(answer.body)
    assert answer.status == 400
    assert words in error["message"]


def test_parquet_with_a_wrong_type_names_column_row_and_value(pair: GetPair) -> None:
    file = io.BytesIO()
    pd.DataFrame({**FRAME, "pH": ["3.1", "x", "3.3"]}).to_parquet(file)
    answer = pair("forest").scorer.score(file.getvalue(), PARQUET)
    assert answer.status == 400
    assert "Column 'pH', row 0: \"3.1\" is not a double." in json.loads(answer.body)["message"]


def test_parquet_with_an_extra_column_or_damage_is_refused(pair: GetPair) -> None:
    file = io.BytesIO()
    FRAME.assign(quality=5).to_parquet(file)
    extra = pair("forest").scorer.score(file.getvalue(), PARQUET)
    damaged = pair("forest").scorer.score(file.getvalue()[:-20], PARQUET)
    assert (extra.status, damaged.status) == (400, 400)
    assert "'quality'" in extra.body.decode()
    assert "not a Parquet file" in damaged.body.decode()


def test_the_row_at_fault_is_found_among_many(pair: GetPair) -> None:
    rows = [[9.4, 3.5, 34.0]] * 5000
    rows = [*rows[:4321], [9.4, "3,5", 34.0], *rows[4322:]]
    answer = pair("forest").scorer.score(json.dumps(split(COLUMNS, rows)).encode(), JSON)
    assert "Column 'pH', row 4321: \"3,5\" is not a double." in json.loads(answer.body)["message"]
