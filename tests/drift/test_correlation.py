"""Correlations are pandas', over the rows where both values are finite."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from drift.columns import ColumnKind
from drift.correlation import correlate
from tests.drift.samples import ANY_FLOAT, a_column, quick


def test_pairs_are_complete_one_by_one() -> None:
    random = np.random.default_rng(4)
    frame = pd.DataFrame(random.normal(size=(100, 3)), columns=list("abc"))
    frame["c"] += frame["a"]
    frame.loc[:30, "b"] = np.nan
    frame.loc[20:40, "c"] = np.nan
    found = correlate({name: a_column(frame[name]) for name in frame})
    assert found.columns == ("a", "b", "c")
    for i, first in enumerate(frame):
        for j, second in enumerate(frame):
            both = frame[first].notna() & frame[second].notna()
            expected = stats.pearsonr(frame[first][both], frame[second][both]).statistic
            assert found.matrix[i][j] == pytest.approx(expected)


def test_a_constant_is_correlated_with_nothing() -> None:
    found = correlate({"a": a_column([1, 2, 3]), "b": a_column([5, 5, 5])})
    assert found.matrix == ((1.0, None), (None, None))


def test_infinite_values_are_left_out() -> None:
    found = correlate({"a": a_column([1, 2, 4, np.inf]), "b": a_column([2, 4, 8, 0.5])})
    assert found.matrix[0][1] == pytest.approx(1.0)


def test_only_numbers_are_correlated() -> None:
    found = correlate({"a": a_column(["x", "y"]), "b": a_column([True, False])})
    assert found.columns == ()
    assert found.matrix == ()


@quick
@given(st.lists(st.tuples(ANY_FLOAT, ANY_FLOAT), max_size=6))
def test_a_coefficient_is_between_minus_one_and_one_or_unknown(
    rows: list[tuple[float, float]],
) -> None:
    columns = {
        name: a_column([row[at] for row in rows], ColumnKind.FLOAT) for at, name in enumerate("ab")
    }
    for line in correlate(columns).matrix:
        assert all(value is None or abs(value) <= 1 + 1e-12 for value in line)
