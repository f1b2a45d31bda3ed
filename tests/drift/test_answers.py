"""Truths and predictions meet on one list of labels, whatever types they come in."""

import numpy as np
import pandas as pd
import pytest

from drift.answers import align_labels, as_series, infer_task
from drift.columns import ColumnKind
from tests.drift.samples import a_column


@pytest.mark.parametrize(
    ("truths", "predictions", "task"),
    [
        ([0, 1], [1, 1], "binary"),
        ([True, False], [1, 0], "binary"),
        (["yes"], ["yes"], "binary"),
        ([0.0, 1.0], ["0", "1"], "binary"),
        ([3, 4, 5], [5, 5, 6], "multiclass"),
        (["a", None, "c"], ["b", "b", "b"], "multiclass"),
        ([3, 4, 5], [3.5, 4.5, 5.5], "regression"),
        ([1.5, 2.5], [1, 2], "regression"),
        (range(21), range(21), "regression"),
        ([None, None], [1.5, 2.5], "regression"),
    ],
)
def test_the_task_follows_from_the_answers(
    truths: list[object], predictions: list[object], task: str
) -> None:
    assert infer_task(list(truths), list(predictions)) == task


def test_nothing_but_missing_answers_has_no_task() -> None:
    with pytest.raises(ValueError, match="name it"):
        infer_task([None], [None])


def test_answers_may_be_wrapped_in_anything_a_model_returns() -> None:
    frame = pd.DataFrame({"prediction": [1, 2]}, index=[7, 9])
    for wrapped in (frame, frame["prediction"], frame.to_numpy(), [1, 2], np.array([1, 2])):
        series = as_series(wrapped)
        assert series.tolist() == [1, 2]
        assert series.index.tolist() == [0, 1]


def test_known_labels_keep_their_order_and_new_ones_follow() -> None:
    truths = a_column(["b", "x", None], ColumnKind.CATEGORY)
    predictions = a_column(["a", "b", "b"], ColumnKind.CATEGORY)
    rows = align_labels(truths, predictions, ["b", "a"])
    assert rows.labels == ("b", "a", "x")
    assert rows.truths.tolist() == [0, 2, -1]
    assert rows.predictions.tolist() == [1, 0, 0]


@pytest.mark.parametrize("known", [None, [0, 1]])
def test_true_meets_one(known: list[int] | None) -> None:
    truths = a_column([True, False], ColumnKind.CATEGORY)
    predictions = a_column([1, 0], ColumnKind.CATEGORY)
    rows = align_labels(truths, predictions, known)
    assert rows.labels == ("0", "1")
    assert rows.truths.tolist() == rows.predictions.tolist() == [1, 0]


def test_labels_without_any_known_are_sorted_as_numbers() -> None:
    answers = a_column([10, 9, 2], ColumnKind.CATEGORY)
    assert align_labels(answers, answers).labels == ("2", "9", "10")
