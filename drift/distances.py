"""Distances: how far two histograms on the same bins are apart, by the field's usual measures.

They are shown beside their customary limits; no verdict comes from them. Each says what it would
show on average without any drift (`noise`), because at few rows most exceed their customary limit
by chance. Notation: r and c are the counts of reference and window with sums m and n, p = r/m and
q = c/n their shares, B the number of bins that either of them uses.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from drift.descriptors import Descriptors
from drift.histograms import Bins
from drift.measures import Measure
from drift.numbers import known

SHARE_FLOOR = 1e-4
LEAST_EXPECTED = 5.0
LEAST_NORM = 1e-3

_Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DistanceType:
    """What a distance is called, how it is defined, whose it is, and its customary limit."""

    name: str
    title: str
    definition: str
    source: str
    limit: float | None


@dataclass(frozen=True, slots=True)
class Distance:
    """One distance between reference and window; None is not defined (an empty side)."""

    name: str
    value: float | None
    noise: float | None
    limit: float | None
    p_value: float | None = None


DISTANCE_TYPES = {
    kind.name: kind
    for kind in (
        DistanceType(
            "psi",
            "Population stability index",
            "The sum of (q - p) ln(q / p), shares floored at 0.0001.",
            "Siddiqi 2006, Credit Risk Scorecards; equal to Jeffreys divergence",
            0.2,
        ),
        DistanceType(
            "ks",
            "Kolmogorov-Smirnov",
            "The largest difference of the cumulated shares of the values present.",
            "Smirnov 1948; scipy.stats.ks_2samp",
            0.1,
        ),
        DistanceType(
            "wasserstein",
            "Wasserstein, normed",
            "The mean way that values would have to move, in reference standard deviations.",
            "Evidently's default for large references; scipy.stats.wasserstein_distance",
            0.1,
        ),
        DistanceType(
            "jensen_shannon",
            "Jensen-Shannon distance",
            "The square root of the mean divergence from the mixture, base 2, from 0 to 1.",
            "Lin 1991; scipy.spatial.distance.jensenshannon; NannyML's default",
            0.1,
        ),
        DistanceType(
            "total_variation",
            "Total variation",
            "The share of rows that would have to change: half the sum of |q - p|.",
            "Levin, Peres, Wilmer 2009, Markov Chains and Mixing Times",
            0.05,
        ),
        DistanceType(
            "chi_squared",
            "Chi-squared, two samples",
            "The sum of (c sqrt(m/n) - r sqrt(n/m))^2 / (c + r), bins merged until at least 5 "
            "rows are expected in each.",
            "Pearson 1900; Numerical Recipes 14.3; scipy.stats.chi2_contingency",
            None,
        ),
        DistanceType(
            "cramers_v",
            "Cramér's V",
            "The square root of chi-squared over all rows of both sides, from 0 to 1.",
            "Cramér 1946, Mathematical Methods of Statistics",
            0.1,
        ),
    )
}


def distances(bins: Bins, *, reference: Measure, current: Measure) -> tuple[Distance, ...]:
    """Return every distance that applies to the kind of column, () when a side has no rows."""
    r = np.array(reference.histogram.cells, dtype=np.float64)
    c = np.array(current.histogram.cells, dtype=np.float64)
    if not r.sum() or not c.sum():
        return ()
    used = (r + c) > 0
    r, c = r[used], c[used]
    results = [psi(r, c)]
    if bins.kind.is_ordered:
        line_r = np.array(reference.histogram.ordered, dtype=np.float64)
        line_c = np.array(current.histogram.ordered, dtype=np.float64)
        results.append(kolmogorov_smirnov(line_r, line_c))
        points = representatives(bins, reference.descriptors, current.descriptors)
        norm = reference.descriptors.std
        results.append(wasserstein(line_r, line_c, points=points, norm=norm))
    results += [jensen_shannon(r, c), total_variation(r, c), *chi_squared(r, c)]
    return tuple(results)


def psi(r: _Counts, c: _Counts) -> Distance:
    """Population stability index; E[PSI] is about (B - 1)(1/n + 1/m) without drift."""
    p = np.maximum(r / r.sum(), SHARE_FLOOR)
    q = np.maximum(c / c.sum(), SHARE_FLOOR)
    value = float(np.sum((q - p) * np.log(q / p)))
    return _distance("psi", value, noise=(len(r) - 1) * _inverse_sizes(r, c))


def kolmogorov_smirnov(r: _Counts, c: _Counts) -> Distance:
    """KS statistic of counts in order, with its asymptotic p-value (low by the binning)."""
    m, n = r.sum(), c.sum()
    if not m or not n:
        return _distance("ks", math.nan, noise=math.nan)
    value = float(np.abs(np.cumsum(c) / n - np.cumsum(r) / m).max())
    scale = math.sqrt(n * m / (n + m))
    # The mean of the Kolmogorov distribution is sqrt(pi / 2) ln 2.
    noise = math.sqrt(math.pi / 2) * math.log(2) / scale
    p_value = float(stats.kstwobign.sf(value * scale))
    return _distance("ks", value, noise=noise, p_value=p_value)


def wasserstein(
    r: _Counts, c: _Counts, *, points: tuple[float, ...], norm: float | None
) -> Distance:
    """First Wasserstein distance of counts at `points`, in units of `norm` (at least 0.001).

    Without drift, each cumulated share P differs by sqrt(2 P (1 - P) (1/n + 1/m) / pi) on
    average; over a normal distribution that adds up to 1.3 sqrt(1/n + 1/m).
    """
    m, n = r.sum(), c.sum()
    if not m or not n or not points or norm is None:
        return _distance("wasserstein", math.nan, noise=math.nan)
    p, q = np.cumsum(r)[:-1] / m, np.cumsum(c)[:-1] / n
    with np.errstate(over="ignore", invalid="ignore"):  # points as far apart as floats can be
        steps = np.diff(points) / max(norm, LEAST_NORM)
        value = float(np.sum(np.abs(q - p) * steps))
        typical = np.sqrt(np.maximum(2 * p * (1 - p) * (1 / n + 1 / m) / math.pi, 0.0))
        noise = float(np.sum(typical * steps))
    return _distance("wasserstein", value, noise=noise)


def jensen_shannon(r: _Counts, c: _Counts) -> Distance:
    """Jensen-Shannon distance, base 2; E[JS^2] is about (B - 1)(1/n + 1/m) / (8 ln 2)."""
    p, q = r / r.sum(), c / c.sum()
    middle = (p + q) / 2
    divergence = (special.rel_entr(p, middle) + special.rel_entr(q, middle)).sum() / 2
    value = math.sqrt(max(float(divergence), 0.0) / math.log(2))
    noise = math.sqrt((len(r) - 1) * _inverse_sizes(r, c) / (8 * math.log(2)))
    return _distance("jensen_shannon", value, noise=noise)


def total_variation(r: _Counts, c: _Counts) -> Distance:
    """Half the sum of |q - p|, and its mean without drift (shares are about normal)."""
    p, q = r / r.sum(), c / c.sum()
    spread = 2 * p * (1 - p) * _inverse_sizes(r, c) / math.pi
    noise = float(np.sqrt(np.maximum(spread, 0.0)).sum()) / 2
    return _distance("total_variation", float(np.abs(q - p).sum()) / 2, noise=noise)


def chi_squared(r: _Counts, c: _Counts) -> tuple[Distance, Distance]:
    """Two-sample chi-squared and Cramér's V, on bins merged until r n / m is at least 5."""
    m, n = r.sum(), c.sum()
    r, c = merge_rare(r, c, least=LEAST_EXPECTED * m / n)
    freedom = len(r) - 1
    value = float(np.sum((math.sqrt(m / n) * c - math.sqrt(n / m) * r) ** 2 / (c + r)))
    p_value = float(stats.chi2.sf(value, freedom)) if freedom else None
    total = m + n
    return (
        _distance("chi_squared", value, noise=freedom, p_value=p_value),
        _distance(
            "cramers_v", math.sqrt(value / total), noise=math.sqrt(freedom / max(total - 1, 1))
        ),
    )


def merge_rare(r: _Counts, c: _Counts, *, least: float) -> tuple[_Counts, _Counts]:
    """Join neighbouring bins, in their order, until each holds `least` rows of the reference."""
    merged: list[tuple[float, float]] = []
    open_r = open_c = 0.0
    for rows_r, rows_c in zip(r.tolist(), c.tolist(), strict=True):
        open_r, open_c = open_r + rows_r, open_c + rows_c
        if open_r >= least:
            merged.append((open_r, open_c))
            open_r = open_c = 0.0
    if open_r or open_c:
        last_r, last_c = merged.pop() if merged else (0.0, 0.0)
        merged.append((last_r + open_r, last_c + open_c))
    joined = np.array(merged)
    return joined[:, 0], joined[:, 1]


def representatives(bins: Bins, *sides: Descriptors) -> tuple[float, ...]:
    """Return where the rows of each bin are taken to lie, from under to over: in its middle.

    Below and above reach from the edge to the smallest and largest value of either side, so a
    unit error of a thousand lies far away. Empty without edges.
    """
    if not bins.edges:
        return ()
    low = min([bins.edges[0], *(side.min for side in sides if side.min is not None)])
    high = max([bins.edges[-1], *(side.max for side in sides if side.max is not None)])
    borders = np.array([low, *bins.edges, high])
    return tuple((borders[:-1] / 2 + borders[1:] / 2).tolist())


def _inverse_sizes(r: _Counts, c: _Counts) -> float:
    return float(1 / r.sum() + 1 / c.sum())


def _distance(name: str, value: float, *, noise: float, p_value: float | None = None) -> Distance:
    return Distance(name, known(value), known(noise), DISTANCE_TYPES[name].limit, p_value)
