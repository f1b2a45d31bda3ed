"""How predictions are shown to people."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from gateway import display
from gateway.stores import StoredPrediction

ID = UUID("01976f2e-0000-7000-8000-000000000000")


def a_stored_prediction(**fields: Any) -> StoredPrediction:
    values: dict[str, Any] = {
        "id": ID,
        "time": datetime(2026, 11, 23, tzinfo=UTC),
        "deployment": "wine",
        "model": "wine",
        "version": "3",
        "request_id": "order-17",
        "caller": "olga#1",
        "status": 200,
        "rows": 2,
        "inputs": '{"columns":["pH","alcohol"],"data":[[3.1,9.5],[3.2,null]]}',
        "outputs": "[1,0]",
        "findings": [],
        "model_ms": 1.0,
        "total_ms": 2.0,
        "traceparent": "",
        "backfilled": False,
    }
    return StoredPrediction(**(values | fields))


@pytest.mark.parametrize(
    ("outputs", "short"),
    [
        ("[1,0]", "1, 0"),
        ("[1,2,3,4,5,6,7]", "1, 2, 3, 4, 5, 6, …"),
        ('["good"]', "good"),
        ("[[0.2,0.8]]", "[0.2,0.8]"),
        ('{"label":"good"}', '{"label":"good"}'),
        ("[null]", "—"),
        (f'["{"x" * 100}"]', "x" * 59 + "…"),
    ],
)
def test_a_list_shows_the_first_outputs(outputs: str, short: str) -> None:
    assert display.line(a_stored_prediction(outputs=outputs), {}).short == short


@pytest.mark.parametrize(
    ("status", "word"),
    [(200, "answered"), (400, "refused"), (422, "refused"), (500, "failed"), (503, "failed")],
)
def test_an_http_status_has_a_word(status: int, word: str) -> None:
    assert display.line(a_stored_prediction(status=status), {}).answer == word


@pytest.mark.parametrize(
    ("outputs", "error"),
    [
        ('{"error_code":"BAD_REQUEST","message":"pH is missing."}', "pH is missing."),
        ('{"error":"pH is missing."}', "pH is missing."),
        ('"went wrong"', "went wrong"),
    ],
)
def test_an_answer_that_is_no_prediction_shows_its_message(outputs: str, error: str) -> None:
    row = a_stored_prediction(status=400, outputs=outputs)
    assert display.line(row, {}).short == error
    assert display.detail(row, {}).error == error
    assert display.detail(row, {}).whole == ""


def test_each_row_stands_with_its_prediction_and_its_truth() -> None:
    shown = display.detail(a_stored_prediction(), {1: "bad"})
    assert shown.columns == ["pH", "alcohol"]
    assert shown.rows == [
        display.Row(number=0, cells=["3.1", "9.5"], prediction="1", truth="—"),
        display.Row(number=1, cells=["3.2", "—"], prediction="0", truth="bad"),
    ]
    assert shown.has_truths
    assert shown.pairs == [("pH", "3.1"), ("alcohol", "9.5")]


def test_an_answer_that_is_not_one_value_per_row_is_shown_whole() -> None:
    shown = display.detail(a_stored_prediction(outputs='{"tokens":[1,2,3]}'), {})
    assert [row.prediction for row in shown.rows] == ["—", "—"]
    assert shown.whole == '{"tokens":[1,2,3]}'


def test_what_is_no_table_has_no_rows() -> None:
    shown = display.detail(a_stored_prediction(inputs='{"raw":"hello"}', outputs='"hi"'), {})
    assert (shown.rows, shown.columns, shown.pairs) == ([], [], [])
    assert shown.raw_inputs == '{\n  "raw": "hello"\n}'


def test_headers_are_those_of_the_answer_that_had_a_value() -> None:
    row = a_stored_prediction(findings=["a", "b"])
    assert display.detail(row, {}).headers == [
        ("X-Portal-Prediction", str(ID)),
        ("X-Request-Id", "order-17"),
        ("X-Portal-Deployment", "wine"),
        ("X-Portal-Model", "wine"),
        ("X-Portal-Version", "3"),
        ("X-Portal-Warnings", "a, b"),
    ]
