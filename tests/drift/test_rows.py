"""A frame and its answers are read once, as the baseline knows them."""

import pandas as pd
import pytest

from drift.columns import ColumnKind
from drift.rows import (
    as_answers,
    classes_of,
    named_series,
    read_baseline,
    read_frame,
    read_window,
)
from drift.tasks import Task


def test_columns_are_found_by_name_and_the_first_of_two_counts() -> None:
    frame = pd.DataFrame([[1, 2, 3]], columns=["a", "a", 7])
    series = named_series(frame)
    assert list(series) == ["a", "7"]
    assert series["a"].tolist() == [1]


def test_a_column_that_is_not_there_is_read_as_missing() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    columns, absent = read_frame(frame, {"a": None, "b": ColumnKind.FLOAT, "c": None})
    assert absent == ("b", "c")
    assert columns["a"].kind is ColumnKind.INTEGER
    assert columns["b"].rows == 2
    assert not columns["b"].present.any()
    assert columns["c"].kind is ColumnKind.EMPTY


def test_a_baseline_spells_its_truths_like_its_predictions() -> None:
    rows = read_baseline(
        pd.DataFrame({"a": [1.5, 2.5], 7: ["x", "y"]}),
        inputs=["a", 7],
        truths=[True, False],
        predictions=[1, 1],
        task=Task.BINARY,
    )
    assert {name: column.kind for name, column in rows.columns.items()} == {
        "a": ColumnKind.FLOAT,
        "7": ColumnKind.CATEGORY,
    }
    assert classes_of(rows, task=Task.BINARY, labels=None) == ("0", "1")
    assert classes_of(rows, task=Task.BINARY, labels=["no", "yes", "no"]) == ("no", "yes")
    assert classes_of(rows, task=Task.REGRESSION, labels=None) == ()


def test_a_window_is_read_with_the_kinds_and_classes_of_the_baseline() -> None:
    rows = read_window(
        pd.DataFrame({"a": ["1.5", "many"]}),
        kinds={"a": ColumnKind.FLOAT, "b": ColumnKind.TEXT},
        predictions=[True, False],
        truths=None,
        task=Task.BINARY,
        classes=("0", "1"),
    )
    assert rows.columns["a"].unreadable.tolist() == [False, True]
    assert rows.absent == ("b",)
    assert rows.prediction is not None
    assert rows.prediction.labels == ("0", "1")
    assert rows.truth is None


def test_numbers_are_the_answers_of_a_regressor() -> None:
    rows = read_window(
        pd.DataFrame({"a": [1, 2]}),
        kinds={},
        predictions=[1, 2],
        truths=[None, 2.5],
        task=Task.REGRESSION,
        classes=(),
    )
    assert rows.prediction is not None
    assert rows.prediction.kind is ColumnKind.FLOAT
    assert rows.truth is not None
    assert rows.truth.present.tolist() == [False, True]


def test_answers_are_one_per_row() -> None:
    with pytest.raises(ValueError, match="There are 1 answers or times for 2 rows"):
        as_answers([1], rows=2)
