"""Answers equal to those of `mlflow models serve`, and what is refused with which words."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from modelserver.answers import Refusal
from modelserver.scoring import media_type
from tests.modelserver.bodies import (
    CSV,
    FRAME,
    JSON,
    PARQUET,
    ROW,
    SCALAR_ROW,
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
GOOD: list[tuple[str, Any]] = [
    ("forest", {"dataframe_split": WINE}),
    ("forest", {"dataframe_split": {**WINE, "index": [5, 6, 7]}}),
    ("forest", split(COLUMNS[::-1], [[34, 3, 9]])),
    ("forest", {"dataframe_split": WINE, "params": {}}),
    ("forest", {"dataframe_split": WINE, "params": None}),
    ("forest", {"dataframe_records": [ROW, ROW]}),
    ("forest", {"instances": [ROW, ROW]}),
    ("forest", {"inputs": {name: [value, value] for name, value in ROW.items()}}),
    ("forest", {"inputs": [ROW]}),
    ("forest", {"inputs": ROW}),
    ("forest", split(COLUMNS, [["9.4", True, None]])),
    ("forest", split(COLUMNS, [[1e30, -0.0, 10**30]])),
    ("regression", {"dataframe_split": WINE}),
    ("scalars", scalar()),
    ("scalars", scalar(small=3.0, whole=-(2**63), double="2.5", single=1e-45, text=None)),
    ("scalars", scalar(yes=0, when="1999-12-31T00:00:00.000001", maybe=7)),
    ("scalars", {"dataframe_records": [{k: v for k, v in SCALAR_ROW.items() if k != "maybe"}]}),
    ("scalars", split(list(SCALAR_ROW), [list(SCALAR_ROW.values())])),
    ("nested", {"dataframe_records": [{"list": [1, 2.5], "thing": THING, "map": {"k": 1.5}}]}),
    ("nested", nested(([], THING, {}), ([1], THING, {"k": 2.5}))),
    ("params", {"inputs": [1.5, 2.5], "params": {"temperature": 1, "words": ["b", "c"]}}),
    ("params", {"inputs": {"x": [1.5]}, "params": {}}),
    ("params", {"inputs": {"x": [1.5]}}),
    ("unsigned", split(["a", "b"], [[1, "x"], [None, {"deep": [1]}]])),
    ("unsigned", split(None, [[1, 2], [3, 4]])),
    ("unsigned", {"dataframe_records": [{"a": 1}, {"b": 2}]}),
    ("unsigned", {"instances": [[1, 2], [3, 4]]}),
    ("unsigned", {"inputs": {"a": [1.5], "b": ["x"]}}),
    ("unsigned", {"inputs": "a word"}),
    ("unsigned", {"inputs": []}),
    ("unnamed", split(None, [[1, 2], [3, 4]])),
    ("unnamed", split(["any", "name"], [[1, 2]])),
    ("single", {"instances": [1, 2, 3]}),
    ("single", {"inputs": [1, 2, 3]}),
    ("single", {"inputs": {"n": 5}}),
    ("tensor", {"inputs": [[1, 2, 3], [4, 5, 6]]}),
    ("tensor", {"instances": [[1, 2, 3.5]]}),
    ("tensor", split(["a", "b", "c"], [[1.0, 2.0, 3.0]])),
    ("tensors", {"inputs": {"image": [[[1, 2], [3, 4]]], "label": [7]}}),
    ("tensors", {"instances": [{"image": [[1, 2], [3, 4]], "label": 7}] * 2}),
    ("tensors", split(["image", "label"], [[[1, 2, 3, 4], 7]])),
    ("hinted", {"inputs": ["a", "b"]}),
    ("chat", {"messages": [{"role": "user", "content": "hi"}], "temperature": 0.1}),
    ("chat", {"prompt": "once upon", "n": 1}),
    ("chat", {"input": ["a", "b"]}),
    ("chat", {"inputs": {"a": [1]}}),
]  # fmt: skip

GOOD_TEXT: list[tuple[str, bytes, str]] = [
    ("forest", FRAME.to_csv(index=False).encode(), CSV),
    ("forest", FRAME.to_csv(index=False).encode(), "text/csv; charset=utf-8"),
    ("forest", b"\xef\xbb\xbfpH,alcohol,total sulfur dioxide\r\n3,9,\r\n\r\n", CSV),
    ("texts", b'word,maybe\n"a,\n""b""",1\nNA,\n', CSV),
    ("unsigned", b"a,b\n1,x\n2,\n", CSV),
    ("unnamed", b"any,name\n1,2\n", CSV),
    ("forest", json.dumps({"dataframe_split": WINE}).encode(), "application/json; charset=UTF-8"),
    ("forest", json.dumps({"dataframe_split": WINE}).encode("utf-16"), JSON),
    ("forest", b" \n" + json.dumps({"dataframe_split": WINE}, indent=4).encode(), JSON),
]  # fmt: skip


@pytest.mark.parametrize(("model", "body"), GOOD)
def test_a_good_body_is_answered_byte_for_byte_as_by_mlflow(
    pair: GetPair, model: str, body: dict[str, Any]
) -> None:
    ours, theirs = pair(model).both(json.dumps(body).encode(), JSON)
    assert theirs[0] == 200, theirs
    assert ours == theirs


@pytest.mark.parametrize(("model", "body", "content_type"), GOOD_TEXT)
def test_good_text_is_answered_byte_for_byte_as_by_mlflow(
    pair: GetPair, model: str, body: bytes, content_type: str
) -> None:
    ours, theirs = pair(model).both(body, content_type)
    assert theirs[0] == 200, theirs
    assert ours == theirs


@pytest.mark.parametrize("model", ["forest", "unsigned"])
def test_parquet_is_answered_byte_for_byte_as_by_mlflow(pair: GetPair, model: str) -> None:
    file = io.BytesIO()
    FRAME.to_parquet(file)
    ours, theirs = pair(model).both(file.getvalue(), PARQUET)
    assert theirs[0] == 200
    assert ours == theirs


def test_what_the_model_raises_is_422_with_its_own_message(pair: GetPair) -> None:
    body = json.dumps(split(COLUMNS, [[9.4, None, 34.0]])).encode()
    answer = pair("regression").scorer.score(body, JSON)
    error = json.loads(answer.body)
    assert (answer.status, error["error_code"]) == (422, "MODEL_ERROR")
    assert error["message"] == "The model raised ValueError: Input X contains NaN."


def act(*acts: str) -> bytes:
    return json.dumps(
        {"dataframe_split": {"columns": ["act"], "data": [[a] for a in acts]}}
    ).encode()


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no such grape", "The model raised ValueError: no such grape"),
        ("first\nsecond", "The model raised ValueError: first"),
        ("at /home/ada/secret/model.py there", "The model raised ValueError: at <path> there"),
        ('see File "x.py", line 3, in f', "The model raised ValueError: see <code>"),
        ("y" * 2000, "The model raised ValueError: " + "y" * 470 + "…"),
        ("", "The model raised ValueError."),
    ],
)
def test_the_models_message_is_scrubbed(pair: GetPair, said: str, shown: str) -> None:
    answer = pair("actor").scorer.score(act(f"raise {said}"), JSON)
    assert (answer.status, json.loads(answer.body)["message"]) == (422, shown)


def test_a_message_that_echoes_the_input_loses_it(pair: GetPair) -> None:
    answer = pair("actor").scorer.score(act("echo", "secret grape of the south"), JSON)
    assert json.loads(answer.body)["message"] == "The model raised ValueError: cannot use […]"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("exit", "SystemExit"),
        ("deep", "RecursionError"),
        ("unwritable", "cannot be written as JSON"),
    ],
)
def test_a_model_that_exits_falls_or_answers_nonsense_is_422(
    pair: GetPair, what: str, words: str
) -> None:
    answer = pair("actor").scorer.score(act(what), JSON)
    assert answer.status == 422
    assert words in json.loads(answer.body)["message"]


def test_ignored_parameters_are_named_in_the_warnings(pair: GetPair) -> None:
    body = json.dumps({"inputs": [1.5], "params": {"temperature": 1.0, "top_k": 3}}).encode()
    ours, theirs = pair("params").both(body, JSON)
    assert ours == theirs
    assert pair("params").scorer.score(body, JSON).warnings == ("ignored-param:top_k",)


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/jsonx",
        "application/json; charset=latin-1",
        "text/csv; header=0",
    ],
)
def test_another_media_type_is_415(pair: GetPair, content_type: str) -> None:
    answer = pair("forest").scorer.score(b"{}", content_type)
    assert answer.status == 415
    assert json.loads(answer.body)["error_code"] == "UNSUPPORTED_MEDIA_TYPE"


def test_media_types_are_read_in_any_case_and_with_quotes() -> None:
    assert media_type('Application/JSON; Charset="UTF-8"') == JSON
    with pytest.raises(Refusal, match="no media type"):
        media_type("; charset=utf-8")
