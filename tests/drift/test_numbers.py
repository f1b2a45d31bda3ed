"""Only what JSON can hold leaves the statistics."""

import numpy as np

from drift.numbers import all_known, known, short


def test_nan_and_infinity_are_unknown() -> None:
    assert all_known(np.array([1.5, np.nan, np.inf, -np.inf])) == (1.5, None, None, None)


def test_a_known_number_is_a_plain_float() -> None:
    assert type(known(np.float64(2))) is float


def test_sentences_have_three_digits() -> None:
    assert [short(value) for value in (0.693147, 1234.5, 0.0, None)] == [
        "0.693",
        "1.23e+03",
        "0",
        "—",
    ]
