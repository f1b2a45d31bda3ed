"""Only what JSON can hold leaves the statistics."""

import numpy as np

from drift.numbers import all_known, known, short


def test_nan_and_infinity_are_unknown() -> None:
    assert all_known(np.array([1.5, np.nan, np.inf, -np.inf])) == (1.5, None, None, None)


def test_a_known_number_is_a_plain_float() -> None:
    assert type(known(np.float64(2))) is float


def test_sentences_have_three_digits_and_all_before_the_point() -> None:
    said = {
        0.693147: "0.693",
        663.2: "663",
        999.6: "1,000",
        -1049.4: "-1,049",
        1234567.8: "1,234,568",
        2e15: "2e+15",
        0.0: "0",
        None: "—",
    }
    assert {value: short(value) for value in said} == said
