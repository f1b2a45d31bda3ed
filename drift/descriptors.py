"""Descriptors: the figures that describe one column, for all rows or for groups of rows.

The definitions are pandas': std with ddof=1, quantiles interpolated linearly. Moments and
quantiles are those of the finite values; infinite ones are counted apart, because one of them
would make every figure infinite. The result does not depend on the order of the rows.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from drift.columns import Column, ColumnKind
from drift.numbers import known
from drift.times import iso_time

TOP_LABELS = 20
QUARTILES = {"q25": 0.25, "median": 0.5, "q75": 0.75}

# Beyond 2**±400 the squares of the moments would leave the range of a float64 (2**±1022).
_SAFE_EXPONENT = 400

_Groups = NDArray[np.int64]
_Tallies = dict[str, NDArray[np.int64]]
_Figures = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How many rows hold a label."""

    label: str
    count: int


@dataclass(frozen=True, slots=True)
class Timestamps:
    """The order statistics of a date column in ISO 8601, UTC, to the millisecond."""

    min: str | None
    q25: str | None
    median: str | None
    q75: str | None
    max: str | None


@dataclass(frozen=True, slots=True)
class Descriptors:
    """The figures of one column; None is unknown or not defined.

    rows = `count` (values present, infinite ones included) + `missing` + `unreadable` (present,
    but not of the column's kind). The seven figures from `mean` to `max` are in the column's own
    unit, in characters for text, in seconds since 1970 for dates (which `timestamps` repeats for
    people). Categories and booleans have `top`, the most frequent labels, and `rest`, the count
    of all others.
    """

    kind: ColumnKind
    count: int
    missing: int
    unreadable: int
    infinite: int
    distinct: int
    mean: float | None = None
    std: float | None = None
    min: float | None = None
    q25: float | None = None
    median: float | None = None
    q75: float | None = None
    max: float | None = None
    top: tuple[LabelCount, ...] = ()
    rest: int = 0
    timestamps: Timestamps | None = None

    @property
    def rows(self) -> int:
        """The number of rows described."""
        return self.count + self.missing + self.unreadable

    @property
    def is_constant(self) -> bool:
        """Whether all values present are the same one."""
        return self.distinct == 1


def describe(column: Column) -> Descriptors:
    """Return the descriptors of all rows of a column."""
    return describe_groups(column, groups=np.zeros(column.rows, dtype=np.int64), size=1)[0]


def describe_groups(column: Column, *, groups: _Groups, size: int) -> tuple[Descriptors, ...]:
    """Return the descriptors of each group; `groups` holds each row's group in 0 .. size - 1."""
    tallies = _tallies(column, groups, size)
    figures: _Figures = {}
    tops: list[tuple[LabelCount, ...]] = [()] * size
    if column.kind.is_ordered:
        figures, tallies["distinct"] = _number_figures(column.numbers, groups, size)
    if not (column.kind.is_number or column.kind is ColumnKind.DATE):
        tops, tallies["distinct"] = _label_figures(column, groups, size)
    return tuple(
        _group_descriptors(
            kind=column.kind,
            tallies={name: int(values[group]) for name, values in tallies.items()},
            figures={name: known(values[group]) for name, values in figures.items()},
            top=tops[group],
        )
        for group in range(size)
    )


def _group_descriptors(
    *,
    kind: ColumnKind,
    tallies: dict[str, int],
    figures: dict[str, float | None],
    top: tuple[LabelCount, ...],
) -> Descriptors:
    shown = sum(entry.count for entry in top)
    return Descriptors(
        kind=kind,
        **tallies,
        mean=figures.get("mean"),
        std=figures.get("std"),
        min=figures.get("min"),
        q25=figures.get("q25"),
        median=figures.get("median"),
        q75=figures.get("q75"),
        max=figures.get("max"),
        top=top,
        rest=0 if kind.is_ordered else tallies["count"] - shown,
        timestamps=_timestamps(figures) if kind is ColumnKind.DATE else None,
    )


def _tallies(column: Column, groups: _Groups, size: int) -> _Tallies:
    count = np.bincount(groups[column.present], minlength=size)
    unreadable = np.bincount(groups[column.unreadable], minlength=size)
    return {
        "count": count,
        "missing": np.bincount(groups, minlength=size) - count - unreadable,
        "unreadable": unreadable,
        "infinite": np.bincount(groups[np.isinf(column.numbers)], minlength=size),
    }


def _number_figures(
    numbers: NDArray[np.float64], groups: _Groups, size: int
) -> tuple[_Figures, NDArray[np.int64]]:
    """Return mean, std, min, quartiles and max of each group (NaN: undefined), and distinct."""
    finite = np.isfinite(numbers)
    values, owner = numbers[finite], groups[finite]
    order = np.lexsort((values, owner))
    values, owner = values[order], owner[order]
    is_new = np.ones(values.size, dtype=bool)
    is_new[1:] = (values[1:] != values[:-1]) | (owner[1:] != owner[:-1])
    distinct = np.bincount(owner[is_new], minlength=size)
    for infinity in (np.inf, -np.inf):
        distinct += np.bincount(groups[numbers == infinity], minlength=size) > 0
    peak = np.zeros(size)
    np.maximum.at(peak, owner, np.abs(values))
    exponent = np.frexp(peak)[1]
    shift = np.where(np.abs(exponent) > _SAFE_EXPONENT, exponent, 0)
    with np.errstate(all="ignore"):  # empty groups divide by zero: NaN is the right answer
        scaled = _sorted_figures(np.ldexp(values, -shift[owner]), owner, size)
        return {name: np.ldexp(result, shift) for name, result in scaled.items()}, distinct


def _sorted_figures(values: NDArray[np.float64], owner: _Groups, size: int) -> _Figures:
    """Return the figures of values sorted by group and size; the mean is corrected once.

    Two passes over the deviations (Chan, Golub, LeVeque 1983, the corrected two-pass algorithm):
    a sum of squares would lose all digits of data such as 1e6 ± 1.
    """
    count = np.bincount(owner, minlength=size)
    start = np.cumsum(count) - count
    padded = np.append(values, np.nan)  # an empty last group starts behind the values

    def at_rank(share: float) -> NDArray[np.float64]:
        position = share * np.maximum(count - 1, 0)
        below = np.floor(position).astype(np.int64)
        fraction = position - below
        low = padded[start + below]
        high = padded[start + np.minimum(below + 1, np.maximum(count - 1, 0))]
        # NumPy's interpolation, which comes from the nearer side and so never leaves [low, high].
        step = high - low
        value = np.where(fraction < 0.5, low + step * fraction, high - step * (1 - fraction))
        return np.where(count > 0, value, np.nan)

    smallest, largest = at_rank(0.0), at_rank(1.0)
    rough = np.bincount(owner, weights=values, minlength=size) / count
    deviation = values - rough[owner]
    correction = np.bincount(owner, weights=deviation, minlength=size) / count
    squares = np.bincount(owner, weights=deviation**2, minlength=size) - count * correction**2
    variance = np.maximum(squares, 0.0) / np.where(count > 1, count - 1, np.nan)
    std = np.where((smallest == largest) & (count > 1), 0.0, np.sqrt(variance))
    mean = np.clip(rough + correction, smallest, largest)
    quartiles = {name: at_rank(share) for name, share in QUARTILES.items()}
    return {"mean": mean, "std": std, "min": smallest, **quartiles, "max": largest}


def _label_figures(
    column: Column, groups: _Groups, size: int
) -> tuple[list[tuple[LabelCount, ...]], NDArray[np.int64]]:
    """Return per group the most frequent labels, largest first, and the number of different ones.

    Text has no labels to show, only codes to tell texts apart.
    """
    present = column.codes >= 0
    width = int(column.codes.max(initial=0)) + 1
    pairs, counts = np.unique(groups[present] * width + column.codes[present], return_counts=True)
    owner, codes = np.divmod(pairs, width)
    bounds = np.searchsorted(owner, np.arange(size + 1))
    tops: list[tuple[LabelCount, ...]] = []
    for first, last in pairwise(bounds):
        largest = np.lexsort((codes[first:last], -counts[first:last]))[:TOP_LABELS] + first
        shown = largest if column.labels else largest[:0]
        tops.append(tuple(LabelCount(column.labels[codes[at]], int(counts[at])) for at in shown))
    return tops, np.diff(bounds)


def _timestamps(numbers: dict[str, float | None]) -> Timestamps:
    names = ("min", *QUARTILES, "max")
    return Timestamps(**{name: iso_time(numbers[name]) for name in names})
