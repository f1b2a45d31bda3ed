"""Answers: what of a model's outputs is the prediction, and what are scores."""

import pytest

from monitoring.answers import read_answers
from monitoring.outputs import outputs_per_row


def test_scalars_are_predictions():
    answers = read_answers([1, 2.5, "good", None])
    assert (answers.predictions, answers.scores, answers.note) == ([1, 2.5, "good", None], None, "")


def test_records_of_one_name_are_that_value():
    answers = read_answers([{"price": 3.5}, {"price": 4.0}, None])
    assert (answers.predictions, answers.note) == ([3.5, 4.0, None], "")


def test_records_of_probabilities_are_scores_in_the_order_of_the_classes():
    answers = read_answers(
        [{"yes": 0.2, "no": 0.8}, {"yes": 0.9, "no": 0.1}], classes=("no", "yes")
    )
    assert answers.predictions == ["no", "yes"]
    assert (answers.labels, answers.scores) == (("no", "yes"), [[0.8, 0.2], [0.1, 0.9]])


def test_records_of_several_outputs_say_which_one_is_compared():
    outputs = [{"confidence": 0.7, "label": "cat"}, {"confidence": 0.4, "label": "dog"}]
    answers = read_answers(outputs)
    assert answers.predictions == ["cat", "dog"]
    assert answers.note == "Of the model's outputs 'label' is compared; it also gives confidence."


def test_the_first_output_counts_when_no_name_tells():
    answers = read_answers([{"east": 3, "north": 4}])
    assert answers.predictions == [3]
    assert "'east' is compared; it also gives north" in answers.note


def test_lists_of_probabilities_are_scores_of_the_classes():
    answers = read_answers([[0.1, 0.7, 0.2], None, [0.5, 0.3, 0.2]], classes=("a", "b", "c"))
    assert answers.predictions == ["b", None, "a"]
    assert answers.scores == [[0.1, 0.7, 0.2], [None, None, None], [0.5, 0.3, 0.2]]


def test_lists_of_probabilities_without_known_classes_are_numbered():
    answers = read_answers([[0.1, 0.9]])
    assert (answers.predictions, answers.labels) == (["1"], ("0", "1"))


def test_lists_of_other_numbers_are_several_answers_of_which_the_first_counts():
    answers = read_answers([[12.5, 3.0], [11.0, 2.0]])
    assert answers.predictions == [12.5, 11.0]
    assert answers.note == "The model answers 2 values per row; the first is compared."


def test_lists_of_one_value_are_that_value():
    assert read_answers([[3.5], [4.0]]).predictions == [3.5, 4.0]


def test_one_probability_per_row_is_that_of_the_second_of_two_classes():
    answers = read_answers([0.25, 0.75, None], classes=("bad", "good"))
    assert answers.predictions == ["bad", "good", None]
    assert answers.scores == [[0.75, 0.25], [0.25, 0.75], [None, None]]


@pytest.mark.parametrize("outputs", [[0, 1, 1], [0.2, 0.4, 7.0]])
def test_classes_and_other_numbers_are_no_probabilities(outputs):
    answers = read_answers(outputs, classes=("0", "1"))
    assert (answers.predictions, answers.scores) == (outputs, None)


def test_outputs_of_nothing_are_nothing():
    assert read_answers([]).predictions == []
    assert read_answers([None, {}]).predictions == [None, {}]


@pytest.mark.parametrize(
    ("outputs", "rows", "wanted"),
    [
        ([1, 2], 2, [1, 2]),
        ({"a": [1, 2], "b": [3, 4]}, 2, [{"a": 1, "b": 3}, {"a": 2, "b": 4}]),
        ({"a": 1}, 1, [{"a": 1}]),
        ("text", 1, ["text"]),
        ([1, 2, 3], 2, [None, None]),
        ("text", 3, [None, None, None]),
        ([], 0, []),
    ],
)
def test_outputs_are_spread_over_the_rows(outputs, rows, wanted):
    assert outputs_per_row(outputs, rows=rows) == wanted
