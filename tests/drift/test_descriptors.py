"""The figures of a column are pandas', whatever the magnitude and order of the values."""

import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.columns import ColumnKind
from drift.descriptors import TOP_LABELS, Descriptors, describe, describe_groups
from tests.drift.samples import ANY_FLOAT, MODEST_FLOAT, a_column, odd_series, quick

FIGURES = ("mean", "std", "min", "q25", "median", "q75", "max")
ORDERED = ("min", "q25", "median", "q75", "max")


def assert_pandas_figures(figures: Descriptors, values: pd.Series) -> None:
    finite = values.replace([np.inf, -np.inf], np.nan).dropna()
    quantiles = [finite.quantile(share) for share in (0, 0.25, 0.5, 0.75, 1)]
    expected = [finite.mean(), finite.std(), *quantiles]
    found = [getattr(figures, name) for name in FIGURES]
    scale = float(finite.abs().max()) if len(finite) else 1.0
    assert [math.nan if value is None else value for value in found] == pytest.approx(
        expected, rel=1e-9, abs=1e-12 * scale, nan_ok=True
    )


@quick
@given(st.lists(MODEST_FLOAT | st.sampled_from([np.nan, np.inf, -np.inf]), max_size=40))
def test_figures_are_those_of_pandas(values: list[float]) -> None:
    series = pd.Series(values, dtype=float)
    figures = describe(a_column(series, ColumnKind.FLOAT))
    assert_pandas_figures(figures, series)
    assert figures.count == series.count()
    assert figures.missing == series.isna().sum()
    assert figures.infinite == np.isinf(series).sum()
    assert figures.distinct == series.nunique()
    assert figures.rows == len(series)


@quick
@given(st.lists(st.tuples(st.integers(0, 3), MODEST_FLOAT | st.none()), max_size=40))
def test_figures_of_groups_are_those_of_each_group_alone(
    rows: list[tuple[int, float | None]],
) -> None:
    groups = np.array([group for group, _ in rows], dtype=np.int64)
    series = pd.Series([value for _, value in rows], dtype=float)
    figures = describe_groups(a_column(series, ColumnKind.FLOAT), groups=groups, size=5)
    assert len(figures) == 5
    for group, found in enumerate(figures):
        own = series[groups == group]
        assert_pandas_figures(found, own)
        assert (found.count, found.missing) == (own.count(), own.isna().sum())
        assert found.distinct == own.nunique()


@quick
@given(st.lists(ANY_FLOAT, max_size=10), st.randoms(use_true_random=False))
def test_any_float_gives_ordered_known_figures_in_any_order_of_rows(
    values: list[float], random: object
) -> None:
    figures = describe(a_column(values, ColumnKind.FLOAT))
    line = [getattr(figures, name) for name in ORDERED]
    if any(math.isfinite(value) for value in values):
        assert all(value is not None and math.isfinite(value) for value in line)
        assert line == sorted(line)
        assert figures.mean is not None
        assert line[0] <= figures.mean <= line[-1]
    else:
        assert line == [None] * 5
    shuffled = sorted(values, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert describe(a_column(shuffled, ColumnKind.FLOAT)) == figures


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e12])
def test_no_digits_are_lost_far_from_zero(offset: float) -> None:
    values = offset + np.tile([-1.0, 0.0, 1.0], 1000)
    figures = describe(a_column(values))
    assert figures.mean == offset
    assert figures.std == pytest.approx(math.sqrt(2000 / 2999), rel=1e-12)


def test_the_mean_of_very_many_values_is_that_of_an_exact_sum() -> None:
    values = np.random.default_rng(6).normal(1e6, 1, 100_000)
    mean = describe(a_column(values)).mean
    assert mean is not None
    assert abs(mean - math.fsum(values) / len(values)) <= np.spacing(mean)


def test_huge_and_tiny_values_keep_their_standard_deviation() -> None:
    for scale in (1e300, 1e-300):
        figures = describe(a_column(np.array([1.0, 2.0, 4.0]) * scale, ColumnKind.FLOAT))
        assert figures.std == pytest.approx(np.std([1.0, 2.0, 4.0], ddof=1) * scale, rel=1e-12)


def test_a_group_of_small_values_is_not_blurred_by_a_huge_one_elsewhere() -> None:
    column = a_column([1.0, 2.0, 1e300], ColumnKind.FLOAT)
    small, _ = describe_groups(column, groups=np.array([0, 0, 1]), size=2)
    assert small.std == pytest.approx(math.sqrt(0.5))


@quick
@given(MODEST_FLOAT, st.integers(2, 30))
def test_a_constant_has_exactly_its_value_and_no_spread(value: float, rows: int) -> None:
    figures = describe(a_column([value] * rows, ColumnKind.FLOAT))
    assert figures.mean == value
    assert figures.std == 0.0
    assert figures.is_constant


def test_one_value_has_no_standard_deviation() -> None:
    assert describe(a_column([3.0])).std is None


@quick
@given(st.lists(st.sampled_from("abcdefghijklmnopqrstuvwxyz") | st.none(), max_size=60))
def test_the_most_frequent_labels_come_first_and_the_rest_is_counted(
    values: list[str | None],
) -> None:
    figures = describe(a_column(values, ColumnKind.CATEGORY))
    counts = Counter(value for value in values if value is not None)
    expected = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    assert [(entry.label, entry.count) for entry in figures.top] == expected[:TOP_LABELS]
    assert figures.rest == sum(count for _, count in expected[TOP_LABELS:])
    assert figures.distinct == len(counts)


def test_labels_of_groups_are_counted_apart() -> None:
    column = a_column(["a", "b", "b", None], ColumnKind.CATEGORY)
    first, second = describe_groups(column, groups=np.array([0, 0, 1, 1]), size=2)
    assert [(entry.label, entry.count) for entry in first.top] == [("a", 1), ("b", 1)]
    assert [(entry.label, entry.count) for entry in second.top] == [("b", 1)]
    assert second.missing == 1


@quick
@given(st.lists(st.text(max_size=12) | st.none(), max_size=30))
def test_text_is_described_by_its_lengths(values: list[str | None]) -> None:
    figures = describe(a_column(values, ColumnKind.TEXT))
    lengths = pd.Series([len(value) for value in values if value is not None], dtype=float)
    assert_pandas_figures(figures, lengths)
    assert figures.distinct == len({value for value in values if value is not None})
    assert figures.top == ()


def test_dates_are_described_in_seconds_and_in_iso() -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=5, tz="Europe/Berlin"))
    figures = describe(a_column(days))
    assert figures.min == days.min().timestamp()
    assert figures.std == pytest.approx(days.std().total_seconds())
    assert figures.timestamps is not None
    for name in ORDERED:
        text = getattr(figures.timestamps, name)
        assert pd.Timestamp(text).timestamp() == getattr(figures, name)
    assert figures.timestamps.median == "2024-01-02T23:00:00.000+00:00"


@quick
@given(odd_series(8), st.sampled_from(ColumnKind))
def test_every_row_of_an_odd_column_is_accounted_for(series: pd.Series, kind: ColumnKind) -> None:
    figures = describe(a_column(series, kind))
    assert figures.count + figures.missing + figures.unreadable == len(series)
    assert figures.distinct <= figures.count
    assert figures.missing == series.isna().sum()
