"""Distances are SciPy's on the same counts, and say what they would show without drift."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

from drift.columns import ColumnKind
from drift.distances import (
    DISTANCE_TYPES,
    SHARE_FLOOR,
    Distance,
    distances,
    merge_rare,
    representatives,
)
from drift.measures import measure, refer
from tests.drift.samples import a_column, quick

Counts = NDArray[np.float64]


def by_name(reference: object, window: object, kind: ColumnKind) -> dict[str, Distance]:
    baseline = refer(a_column(reference, kind))
    current = measure(baseline, a_column(window, kind))
    found = distances(baseline.bins, reference=baseline.measure, current=current)
    return {distance.name: distance for distance in found}


def counted(values: list[int], size: int) -> Counts:
    return np.bincount(np.array(values), minlength=size).astype(float)


@quick
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=80),
    st.lists(st.integers(0, 6), min_size=1, max_size=80),
)
def test_distances_of_whole_numbers_are_those_of_scipy(first: list[int], second: list[int]) -> None:
    reference = [0, 6, *first]  # the bins cover the window, one whole number each
    found = by_name(reference, second, ColumnKind.INTEGER)
    r, c = counted(reference, 7), counted(second, 7)
    p, q = r / r.sum(), c / c.sum()
    assert found["ks"].value == pytest.approx(stats.ks_2samp(reference, second).statistic)
    way = stats.wasserstein_distance(reference, second)
    assert found["wasserstein"].value == pytest.approx(way / np.std(reference, ddof=1))
    assert found["jensen_shannon"].value == pytest.approx(
        jensenshannon(p, q, base=2), rel=1e-6, abs=1e-7
    )
    used = (r + c) > 0
    high, low = np.maximum(q[used], SHARE_FLOOR), np.maximum(p[used], SHARE_FLOOR)
    jeffreys = (special.rel_entr(high, low) + special.rel_entr(low, high)).sum()
    # rel_entr of floored shares counts their excess twice over, which cancels in the sum.
    assert found["psi"].value == pytest.approx(jeffreys, abs=1e-12)
    assert found["total_variation"].value == pytest.approx(np.maximum(q - p, 0).sum(), abs=1e-12)


@quick
@given(
    st.lists(st.sampled_from("abcde"), min_size=60, max_size=120),
    st.lists(st.sampled_from("abcde"), min_size=60, max_size=120),
)
def test_chi_squared_and_cramers_v_are_those_of_scipy(first: list[str], second: list[str]) -> None:
    found = by_name(first, second, ColumnKind.CATEGORY)
    labels = sorted(set(first))
    r = np.array([first.count(label) for label in labels] + [0.0])
    c = np.array([second.count(label) for label in labels], dtype=float)
    c = np.append(c, len(second) - c.sum())
    used = (r + c) > 0
    table = np.array(merge_rare(r[used], c[used], least=5 * len(first) / len(second)))
    if table.shape[1] == 1:
        assert found["chi_squared"].value == pytest.approx(0)
        return
    expected = stats.chi2_contingency(table, correction=False)
    assert found["chi_squared"].value == pytest.approx(expected.statistic)
    assert found["chi_squared"].p_value == pytest.approx(expected.pvalue)
    cramer = stats.contingency.association(table.astype(int), method="cramer")
    assert found["cramers_v"].value == pytest.approx(cramer)


def test_rare_bins_are_merged_until_enough_is_expected() -> None:
    r, c = np.array([1.0, 2.0, 9.0, 4.0, 1.0]), np.array([0.0, 1.0, 2.0, 3.0, 4.0])
    merged = merge_rare(r, c, least=3.0)
    assert [side.tolist() for side in merged] == [[3, 9, 5], [1, 2, 7]]
    merged = merge_rare(r, c, least=100.0)
    assert [side.tolist() for side in merged] == [[17], [10]]


def test_the_p_value_of_ks_is_the_asymptotic_one() -> None:
    random = np.random.default_rng(5)
    first, second = random.integers(0, 10, 500), random.integers(0, 10, 300)
    found = by_name(list(first), list(second), ColumnKind.INTEGER)
    value = found["ks"].value
    assert value is not None
    expected = special.kolmogorov(value * math.sqrt(500 * 300 / 800))
    assert found["ks"].p_value == pytest.approx(expected)


TOLERANCES = {
    "psi": 0.25,
    "ks": 0.25,
    "chi_squared": 0.15,
    "total_variation": 0.1,
    "jensen_shannon": 0.2,
    "wasserstein": 0.25,
}


def test_the_noise_is_what_is_seen_without_drift() -> None:
    random = np.random.default_rng(11)
    pairs = []
    for _ in range(60):
        first, second = random.normal(size=2000), random.normal(size=1000)
        pairs.append(by_name(np.clip(first, -2, 2), np.clip(second, -2, 2), ColumnKind.FLOAT))
    for name, tolerance in TOLERANCES.items():
        seen = np.mean([found[name].value for found in pairs])
        said = np.mean([found[name].noise for found in pairs])
        assert said == pytest.approx(seen, rel=tolerance), name


def test_missing_and_never_seen_values_count_for_shares_and_not_for_order() -> None:
    found = by_name([1, 2, 3, 4], [1, 2, 3, 4, None, None, None, None], ColumnKind.INTEGER)
    assert found["ks"].value == pytest.approx(0)
    assert found["wasserstein"].value == pytest.approx(0)
    assert found["total_variation"].value == pytest.approx(0.5)


def test_a_unit_error_lies_far_away() -> None:
    random = np.random.default_rng(2)
    values = random.normal(10, 1, 500)
    found = by_name(list(values), list(values * 1000), ColumnKind.FLOAT)
    assert found["wasserstein"].value is not None
    assert found["wasserstein"].value > 1000
    assert found["jensen_shannon"].value == pytest.approx(1.0)


def test_representatives_are_the_middles_and_reach_out_to_the_extremes() -> None:
    baseline = refer(a_column([0, 1, 2]))
    window = measure(baseline, a_column([-9.5, 12.5], ColumnKind.INTEGER))
    points = representatives(baseline.bins, baseline.measure.descriptors, window.descriptors)
    assert points == (-5.0, 0.0, 1.0, 2.0, 7.5)


def test_an_empty_side_has_no_distances() -> None:
    assert by_name([1, 2], [], ColumnKind.INTEGER) == {}
    assert by_name([], [1, 2], ColumnKind.INTEGER) == {}


def test_a_window_without_values_has_no_distances_in_order() -> None:
    found = by_name([1, 2], [None, None], ColumnKind.INTEGER)
    assert found["ks"].value is None
    assert found["wasserstein"].value is None
    assert found["total_variation"].value == 1.0


def test_labels_have_no_distances_in_order() -> None:
    found = by_name(["a"], ["b"], ColumnKind.CATEGORY)
    assert found.keys() == DISTANCE_TYPES.keys() - {"ks", "wasserstein"}


def test_every_distance_names_its_source() -> None:
    assert all(kind.source and kind.definition for kind in DISTANCE_TYPES.values())
