"""Histograms: counts of a column on bins that come from the baseline and never change.

Because the bins are fixed, histograms of any windows add up to the histogram of both.
"""

import math
import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drift.columns import MOST_CATEGORIES, Column, ColumnKind
from drift.descriptors import LabelCount

MOST_BINS = 30
MOST_UNSEEN = 5

# Up to here a float64 still holds the halves on which the edges of whole-number bins lie.
_LARGEST_ALIGNED = 2.0**50
_HALF_A_DAY = 43_200.0


@dataclass(frozen=True, slots=True)
class Bins:
    """Where the counts of a column go: between `edges` (numbers) or at `labels` (categories).

    Numbers: bin i is [edges[i], edges[i + 1]), the last one closed; text is binned by length,
    dates by seconds since 1970. Both are empty when the baseline had no value to place a bin by.
    """

    kind: ColumnKind
    edges: tuple[float, ...] = ()
    labels: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """The number of bins, without those for under, over, other and missing."""
        return len(self.labels) if self.labels else max(len(self.edges) - 1, 0)


@dataclass(frozen=True, slots=True)
class Histogram:
    """Counts of rows on some bins: below, in each bin, above, elsewhere, missing.

    `other` holds what has no bin: labels the baseline did not list, values not of the column's
    kind, and every value where the baseline had none.
    """

    under: int
    counts: tuple[int, ...]
    over: int
    other: int
    missing: int

    def __add__(self, more: "Histogram") -> "Histogram":
        """Return the histogram of both sets of rows, which must be on the same bins."""
        if len(self.counts) != len(more.counts):
            raise ValueError(
                f"A histogram of {len(self.counts)} bins cannot be added to one of "
                f"{len(more.counts)}: count both on the bins of the same baseline."
            )
        return Histogram(
            under=self.under + more.under,
            counts=tuple(a + b for a, b in zip(self.counts, more.counts, strict=True)),
            over=self.over + more.over,
            other=self.other + more.other,
            missing=self.missing + more.missing,
        )

    @property
    def ordered(self) -> tuple[int, ...]:
        """The counts that lie on a line, from under to over."""
        return (self.under, *self.counts, self.over)

    @property
    def cells(self) -> tuple[int, ...]:
        """All counts: those on the line, other, missing; their sum is the number of rows."""
        return (*self.ordered, self.other, self.missing)

    @property
    def rows(self) -> int:
        """The number of rows counted."""
        return sum(self.cells)


def make_bins(column: Column) -> Bins:
    """Choose the bins for a baseline's column.

    Numbers: equal widths from min to max, at most `MOST_BINS`, by the rule of NumPy's "auto" (the
    narrower of Freedman-Diaconis 1981 and Sturges 1926); bins of whole numbers hold equally many
    of them each. Categories: their labels, the most frequent `MOST_CATEGORIES` of them.
    """
    if not column.kind.is_ordered:
        return Bins(column.kind, labels=_listed_labels(column))
    finite = column.numbers[np.isfinite(column.numbers)]
    if finite.size == 0:
        return Bins(column.kind)
    is_whole = column.kind in (ColumnKind.INTEGER, ColumnKind.TEXT)
    if is_whole and np.abs(finite).max() < _LARGEST_ALIGNED:
        edges = _aligned_edges(finite)
    elif finite.min() == finite.max():
        margin = _HALF_A_DAY if column.kind is ColumnKind.DATE else abs(finite[0]) * 0.005 or 0.5
        edges = _edges_around(float(finite[0]), float(margin))
    else:
        edges = _equal_edges(finite)
    return Bins(column.kind, edges=tuple(edges.tolist()))


def count(bins: Bins, column: Column) -> Histogram:
    """Count the rows of a column, read with the kind of the bins, on the bins."""
    counted = _count_numbers(bins, column) if bins.kind.is_ordered else _count_labels(bins, column)
    present = int(column.present.sum())
    unreadable = int(column.unreadable.sum())
    return Histogram(
        under=int(counted[0]),
        counts=tuple(counted[1:-1].tolist()),
        over=int(counted[-1]),
        other=present - int(counted.sum()) + unreadable,
        missing=column.rows - present - unreadable,
    )


def unseen(bins: Bins, column: Column) -> tuple[LabelCount, ...]:
    """Return the most frequent labels of a column that have no bin, at most `MOST_UNSEEN`."""
    tally = np.bincount(column.codes[column.codes >= 0], minlength=len(column.labels))
    known = set(bins.labels)
    new = [
        LabelCount(label, int(rows))
        for label, rows in zip(column.labels, tally, strict=True)
        if rows and label not in known
    ]
    return tuple(sorted(new, key=lambda entry: (-entry.count, entry.label))[:MOST_UNSEEN])


def _listed_labels(column: Column) -> tuple[str, ...]:
    if len(column.labels) <= MOST_CATEGORIES:
        return column.labels
    tally = np.bincount(column.codes[column.codes >= 0], minlength=len(column.labels))
    frequent = np.sort(np.argsort(-tally, kind="stable")[:MOST_CATEGORIES])
    return tuple(column.labels[code] for code in frequent)


def _count_numbers(bins: Bins, column: Column) -> NDArray[np.int64]:
    """Return the counts below, in each bin and above; without edges only infinities are either."""
    values = column.numbers[~np.isnan(column.numbers)]
    if not bins.edges:
        return np.array([np.isneginf(values).sum(), np.isposinf(values).sum()])
    inside, _ = np.histogram(values, bins=bins.edges)
    under, over = (values < bins.edges[0]).sum(), (values > bins.edges[-1]).sum()
    return np.concatenate([[under], inside, [over]])


def _count_labels(bins: Bins, column: Column) -> NDArray[np.int64]:
    """Return the counts at each label, between two zeros: no label lies below or above."""
    place = {label: position for position, label in enumerate(bins.labels, start=1)}
    target = np.array([place.get(label, 0) for label in column.labels] + [0], dtype=np.int64)
    counts = np.bincount(target[column.codes], minlength=len(bins.labels) + 2)
    counts[0] = 0
    return counts


def _bin_count(values: NDArray[np.float64]) -> int:
    """Return how many bins the rule asks for; the values lie within ±1 and are not all equal."""
    sturges = math.ceil(math.log2(values.size)) + 1
    low, high = np.quantile(values, (0.25, 0.75))
    width = 2.0 * (high - low) / values.size ** (1 / 3)
    asked = (values.max() - values.min()) / width if width > 0 else 0.0
    return min(max(sturges, math.ceil(min(asked, MOST_BINS))), MOST_BINS)


def _equal_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return equal-width edges; scaled by a power of two, which is exact, against overflow."""
    exponent = int(np.frexp(np.abs(values).max())[1])
    scaled = np.ldexp(values, -exponent)
    steps = np.linspace(scaled.min(), scaled.max(), _bin_count(scaled) + 1)
    edges: NDArray[np.float64] = np.ldexp(steps, exponent)
    edges[0], edges[-1] = values.min(), values.max()
    return np.unique(edges)


def _aligned_edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges on halves, so that each bin holds the same number of whole numbers."""
    low, high = float(values.min()), float(values.max())
    span = high - low + 1.0
    bins = MOST_BINS if span <= MOST_BINS else _bin_count(values / max(-low, high))
    width = math.ceil(span / min(bins, span))
    return np.asarray(low - 0.5 + width * np.arange(math.ceil(span / width) + 1.0))


def _edges_around(value: float, margin: float) -> NDArray[np.float64]:
    """Return one narrow bin around the only value, so that any other value lies outside."""
    largest = sys.float_info.max
    low = max(min(value - margin, math.nextafter(value, -math.inf)), -largest)
    high = min(max(value + margin, math.nextafter(value, math.inf)), largest)
    return np.array([low, high])
