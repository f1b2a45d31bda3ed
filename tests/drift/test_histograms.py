"""Bins are fixed by the baseline, lose no row, and their counts add up."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.columns import MOST_CATEGORIES, ColumnKind
from drift.histograms import MOST_BINS, Bins, Histogram, count, make_bins, unseen
from tests.drift.samples import ANY_FLOAT, a_column, odd_series, quick


@quick
@given(odd_series(9))
def test_the_baseline_lies_within_its_own_bins(series: pd.Series) -> None:
    column = a_column(series)
    bins = make_bins(column)
    histogram = count(bins, column)
    assert histogram.rows == len(series)
    assert histogram.missing == series.isna().sum()
    assert len(histogram.counts) == bins.size
    if column.kind.is_ordered:
        assert bins.size <= MOST_BINS
        assert histogram.under == np.isneginf(column.numbers).sum()
        assert histogram.over == np.isposinf(column.numbers).sum()
    assert histogram.other == 0


@quick
@given(odd_series(9), odd_series(7), odd_series(5))
def test_histograms_of_two_windows_add_up_to_that_of_both(
    baseline: pd.Series, first: pd.Series, second: pd.Series
) -> None:
    bins = make_bins(a_column(baseline))
    both = pd.concat([first.astype(object), second.astype(object)])
    parts = [count(bins, a_column(part, bins.kind)) for part in (first, second, both)]
    assert parts[0] + parts[1] == parts[2]
    assert parts[2].rows == len(both)


def test_histograms_on_other_bins_are_not_added() -> None:
    with pytest.raises(ValueError, match="2 bins cannot be added to one of 3"):
        Histogram(0, (1, 2), 0, 0, 0) + Histogram(0, (1, 2, 3), 0, 0, 0)


@quick
@given(st.lists(ANY_FLOAT, min_size=1, max_size=30), st.lists(ANY_FLOAT, max_size=30))
def test_counts_are_those_of_numpy(baseline: list[float], window: list[float]) -> None:
    bins = make_bins(a_column(baseline, ColumnKind.FLOAT))
    values = np.array(window, dtype=float)
    histogram = count(bins, a_column(window, ColumnKind.FLOAT))
    if bins.edges:
        assert np.all(np.diff(np.array(bins.edges) / 2) > 0)
        expected, _ = np.histogram(values[~np.isnan(values)], bins=bins.edges)
        assert histogram.counts == tuple(expected)
        assert histogram.under == (values < bins.edges[0]).sum()
        assert histogram.over == (values > bins.edges[-1]).sum()
    else:
        assert histogram.other == np.isfinite(values).sum()


def test_the_number_of_bins_is_that_of_numpys_rule_up_to_thirty() -> None:
    values = np.random.default_rng(3).normal(size=400)
    edges = np.histogram_bin_edges(values, bins="auto")
    assert make_bins(a_column(values)).edges == pytest.approx(edges)
    many = np.random.default_rng(3).normal(size=20_000)
    assert len(np.histogram_bin_edges(many, bins="auto")) > MOST_BINS
    assert make_bins(a_column(many)).size == MOST_BINS


def test_an_outlier_does_not_ask_for_millions_of_bins() -> None:
    assert make_bins(a_column([0.1, 0.2, 0.3, 0.4, 1e12])).size == MOST_BINS


def test_few_whole_numbers_have_a_bin_each() -> None:
    bins = make_bins(a_column([3, 4, 4, 6]))
    assert bins.edges == (2.5, 3.5, 4.5, 5.5, 6.5)
    assert count(bins, a_column([3, 4, 4, 6], bins.kind)).counts == (1, 2, 0, 1)


@quick
@given(st.lists(st.integers(-(2**40), 2**40), min_size=2, max_size=40))
def test_bins_of_whole_numbers_hold_equally_many_of_them(values: list[int]) -> None:
    edges = np.array(make_bins(a_column(values)).edges)
    widths = np.diff(edges)
    assert (widths == widths[0]).all()
    assert widths[0] == int(widths[0])
    assert edges[0] == min(values) - 0.5
    assert len(widths) <= MOST_BINS


def test_any_other_value_than_a_constant_lies_outside() -> None:
    bins = make_bins(a_column([0.3, 0.3], ColumnKind.FLOAT))
    histogram = count(bins, a_column([0.29, 0.3, 0.31], ColumnKind.FLOAT))
    assert (histogram.under, histogram.counts, histogram.over) == (1, (1,), 1)


def test_labels_of_the_baseline_have_bins_and_new_ones_are_other() -> None:
    bins = make_bins(a_column(["a", "b", "b"]))
    window = a_column(["b", "c", "c", "d", None], ColumnKind.CATEGORY)
    histogram = count(bins, window)
    assert histogram == Histogram(under=0, counts=(0, 1), over=0, other=3, missing=1)
    assert [(entry.label, entry.count) for entry in unseen(bins, window)] == [("c", 2), ("d", 1)]


def test_a_boolean_always_has_both_bins() -> None:
    bins = make_bins(a_column([True, True]))
    assert bins.labels == ("False", "True")
    assert count(bins, a_column([False, "maybe"], bins.kind)).counts == (1, 0)


def test_only_the_most_frequent_of_very_many_labels_have_bins() -> None:
    values = [f"{n:04}" for n in range(MOST_CATEGORIES + 5)] + ["0204"] * 3
    column = a_column(values, ColumnKind.CATEGORY)
    bins = make_bins(column)
    assert len(bins.labels) == MOST_CATEGORIES
    assert "0204" in bins.labels
    assert count(bins, column).other == 5


def test_values_in_a_column_that_was_empty_are_other() -> None:
    bins = make_bins(a_column([None, None]))
    assert bins == Bins(ColumnKind.EMPTY)
    assert count(bins, a_column([1, None], bins.kind)) == Histogram(0, (), 0, other=1, missing=1)
