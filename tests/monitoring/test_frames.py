"""Frames: what was logged, as columns."""

import json
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from gateway.models import Truth
from gateway.stores.protocol import Query
from monitoring import frames
from monitoring.frames import read_first, read_window
from tests import factories

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALL = Query("wine", version="1", answered=True)


def logged(columns, data, outputs, *, minute=0, **fields):
    return factories.a_prediction(
        time=NOON + timedelta(minutes=minute),
        rows=len(data),
        inputs=json.dumps({"columns": columns, "data": data}),
        outputs=json.dumps(outputs),
        **fields,
    )


def test_rows_of_several_requests_are_one_frame_in_the_order_of_time():
    logged(["b", "a"], [[4, 3.5]], [0], minute=5)
    first = logged(["a", "b"], [[1.5, 2], [2.5, None]], [1, 0])
    Truth.objects.create(prediction=first.pk, row=1, value=1)
    found = read_window(ALL, model="wine")
    pd.testing.assert_frame_equal(
        found.frame, pd.DataFrame({"a": [1.5, 2.5, 3.5], "b": [2, None, 4]})
    )
    assert found.outputs == [1, 0, 0]
    assert found.truths == [None, 1, None]
    assert found.times.tolist() == [
        pd.Timestamp(NOON),
        pd.Timestamp(NOON),
        pd.Timestamp(NOON + timedelta(minutes=5)),
    ]


def test_columns_that_a_request_lacks_are_missing_in_its_rows():
    logged(["a"], [[1]], [0])
    logged(["b", "c"], [["x", True]], [0], minute=1)
    logged(["a", "c"], [[3]], [0], minute=2)
    frame = read_window(ALL, model="wine").frame
    assert list(frame.columns) == ["a", "b", "c"]
    assert [frame[name].isna().tolist() for name in frame] == [
        [False, True, False],
        [True, False, True],
        [True, False, True],
    ]


def test_a_column_that_stands_twice_in_a_request_counts_once():
    logged(["a", "a"], [[1, 2], [3, 4]], [0, 0])
    assert read_window(ALL, model="wine").frame["a"].tolist() == [1, 3]


def test_no_rows_are_an_empty_frame():
    found = read_window(ALL, model="wine")
    assert (found.rows, found.known_truths, found.times.empty) == (0, None, True)


def test_inputs_that_are_no_table_are_counted_and_left_out():
    logged(["a"], [[1]], [0])
    factories.a_prediction(inputs='{"raw": "hello"}', outputs='["hi"]')
    found = read_window(ALL, model="wine")
    assert found.rows == 1
    assert found.notes == (
        "1 predictions have inputs that are no table of columns; they are left out.",
    )


def test_predictions_of_another_model_under_the_same_name_are_left_out():
    logged(["a"], [[1]], [0])
    logged(["a"], [[2]], [0], minute=1, model="beer")
    logged(["a"], [[3]], [0], minute=2, version="2")
    logged(["a"], [[4]], [0], minute=3, status=422)
    assert read_window(ALL, model="wine").frame["a"].tolist() == [1]


def test_a_window_of_very_many_rows_is_thinned_evenly(monkeypatch):
    monkeypatch.setattr(frames, "MOST_ROWS", 10)
    for minute in range(35):
        logged(["a"], [[minute]], [0], minute=minute)
    found = read_window(ALL, model="wine")
    assert found.frame["a"].tolist() == [0, 4, 8, 12, 16, 20, 24, 28, 32]
    assert found.notes == ("The window holds more than 10 rows: one prediction in 4 is read.",)


def test_the_first_rows_are_cut_within_a_request():
    logged(["a"], [[1], [2], [3]], [1, 2, 3])
    logged(["a"], [[4], [5], [6]], [4, 5, 6], minute=1)
    found = read_first(ALL, model="wine", rows=4)
    assert (found.frame["a"].tolist(), found.outputs) == ([1, 2, 3, 4], [1, 2, 3, 4])
    assert (len(found.times), found.truths) == (4, [None] * 4)


def test_columns_without_names_are_named_as_the_baseline_names_them():
    logged(["0", "1"], [[1, 2]], [0])
    found = read_window(ALL, model="wine")
    assert list(found.named_as(("acid", "alcohol")).frame.columns) == ["acid", "alcohol"]
    assert list(found.named_as(("acid",)).frame.columns) == ["0", "1"]
