"""Confusion matrices count as scikit-learn's do, and add up."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix

from drift.confusion import ConfusionMatrix, count_pairs
from tests.drift.samples import quick

LABELS = ("a", "b", "c")
PAIRS = st.lists(st.tuples(st.integers(-1, 2), st.integers(-1, 2)), max_size=30)


def counted(pairs: list[tuple[int, int]]) -> ConfusionMatrix:
    codes = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return count_pairs(LABELS, codes[:, 0], codes[:, 1])


@quick
@given(PAIRS)
def test_counts_are_those_of_scikit_learn(pairs: list[tuple[int, int]]) -> None:
    known = [(truth, guess) for truth, guess in pairs if truth >= 0 and guess >= 0]
    matrix = counted(pairs)
    assert matrix.rows == len(known)
    if known:
        truths, guesses = zip(*known, strict=True)
        expected = confusion_matrix(truths, guesses, labels=[0, 1, 2])
        assert matrix.counts == tuple(map(tuple, expected))


@quick
@given(PAIRS, PAIRS)
def test_matrices_of_two_windows_add_up(
    first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    assert counted(first) + counted(second) == counted(first + second)


def test_classes_that_only_one_side_knows_are_kept() -> None:
    first = ConfusionMatrix(("b", "a"), ((1, 2), (3, 4)))
    second = ConfusionMatrix(("c", "a"), ((5, 6), (7, 8)))
    total = first + second
    assert total.labels == ("b", "a", "c")
    assert total.counts == ((1, 2, 0), (3, 12, 7), (0, 6, 5))


def test_an_empty_matrix_changes_nothing() -> None:
    some = ConfusionMatrix(("a",), ((3,),))
    assert some + ConfusionMatrix((), ()) == some
    assert ConfusionMatrix((), ()).rows == 0
