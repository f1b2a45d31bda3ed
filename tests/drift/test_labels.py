"""One class has one spelling, whatever type it arrives as."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.labels import LONGEST_LABEL, label_of, ordered, truth_spelling
from tests.drift.samples import quick


@pytest.mark.parametrize(
    "value", [1, 1.0, "1", np.int64(1), np.float32(1), Decimal("1.00")], ids=repr
)
def test_the_number_one_has_one_spelling(value: object) -> None:
    assert label_of(value) == "1"


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (True, "True"),
        (np.bool_(False), "False"),
        (1.5, "1.5"),
        (-0.0, "0"),
        (float("nan"), "nan"),
        (1e300, "1e+300"),
        ([1, "a"], "[1, 'a']"),
    ],
)
def test_other_values_keep_their_usual_spelling(value: object, label: str) -> None:
    assert label_of(value) == label


def test_what_python_will_not_print_is_named_by_its_type() -> None:
    assert label_of(10**5000) == "unprintable int"


@quick
@given(st.text())
def test_labels_can_be_stored_anywhere(text: str) -> None:
    label = label_of(text + "\0\ud800")
    assert "\0" not in label
    assert label.encode("utf-8")
    assert len(label) <= LONGEST_LABEL


def test_long_labels_are_cut_visibly() -> None:
    assert label_of("x" * 500) == "x" * (LONGEST_LABEL - 1) + "…"


def test_the_order_is_that_of_scikit_learns_classes() -> None:
    numbers = [10, 9, 2, -1]
    assert list(ordered(map(str, numbers))) == [str(n) for n in np.unique(numbers)]
    words = ["b", "a", "10", "9"]
    assert list(ordered(words)) == np.unique(words).tolist()


def test_truths_are_respelled_only_where_one_side_says_true_and_the_other_one() -> None:
    assert truth_spelling(["False", "True"], like=["0", "1"]) == {"False": "0", "True": "1"}
    assert truth_spelling(["1"], like=["True"]) == {"0": "False", "1": "True"}
    assert truth_spelling(["True"], like=["yes", "no"]) == {}
    assert truth_spelling(["0", "1"], like=["0", "1"]) == {}
    assert truth_spelling(["0", "1"], like=[]) == {}
