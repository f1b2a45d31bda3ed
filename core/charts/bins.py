"""The bins that a histogram draws: placed on their axis, joined when there are too many."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core import formats
from core.charts import svg

MOST_BARS: Final = 60
"""Neighbouring bins are joined beyond this: more bars cannot be told apart."""
MOST_LABELS: Final = 16
"""The rarer labels are joined beyond this."""

Counts = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Bin:
    """One bar: its name, its place on the axis, and of both sides (reference, current) the count,
    the share, and both in words.
    """

    name: str
    left: float
    right: float
    counts: tuple[float, float]
    shares: tuple[float, float]
    texts: tuple[str, str]


def numeric_bins(
    edges: Sequence[float], reference: Counts | None, current: Counts | None
) -> list[Bin]:
    """Return the bins between `edges` (one more than counts) on the axis of the values.

    An infinite first or last edge is drawn as far out as the middle bin is wide.
    """
    size = max(len(edges) - 1, 0)
    sides = [_fitted(reference, size), _fitted(current, size)]
    per_bar = math.ceil(size / MOST_BARS) or 1
    kept = [*edges[:-1:per_bar], *edges[-1:]]
    groups = [[math.fsum(side[i : i + per_bar]) for i in range(0, size, per_bar)] for side in sides]
    names = [f"{formats.number(a)} to {formats.number(b)}" for a, b in itertools.pairwise(kept)]
    return _bins(names, groups, _places(kept))


def has_widths(edges: Sequence[float]) -> bool:
    """Say whether the bins between `edges` can be drawn at their places on the axis."""
    inner = svg.finite(edges)
    rising = all(a < b for a, b in itertools.pairwise(inner))
    return len(inner) > 1 and rising and math.isfinite(inner[-1] - inner[0])


def label_bins(
    labels: Sequence[str], reference: Counts | None, current: Counts | None
) -> list[Bin]:
    """Return one bin per label in the given order, the rarest joined beyond `MOST_LABELS`."""
    sides = [_fitted(reference, len(labels)), _fitted(current, len(labels))]
    names, groups = with_others([str(name) for name in labels], sides, most=MOST_LABELS)
    return _bins(names, groups, [(float(i), float(i + 1)) for i in range(len(names))])


def with_others(
    names: list[str], columns: list[list[float]], *, most: int
) -> tuple[list[str], list[list[float]]]:
    """Return at most `most` names with their columns, the rarest joined as the last one.

    Each column counts by its own shares, so that a large one does not decide alone.
    """
    if len(names) <= most:
        return names, columns
    weights = [math.fsum(values) for values in zip(*map(svg.shares, columns), strict=True)]
    by_weight = sorted(range(len(names)), key=lambda i: -weights[i])
    kept, rest = sorted(by_weight[: most - 1]), by_weight[most - 1 :]
    joined = [[*(c[i] for i in kept), math.fsum(c[i] for i in rest)] for c in columns]
    return [*(names[i] for i in kept), f"{len(rest)} others"], joined


def _bins(
    names: list[str], sides: list[list[float]], places: list[tuple[float, float]]
) -> list[Bin]:
    shares = [svg.shares(side) for side in sides]
    return [
        Bin(name, left, right, counts=(r, c), shares=(sr, sc), texts=(_text(r, sr), _text(c, sc)))
        for name, (left, right), r, c, sr, sc in zip(names, places, *sides, *shares, strict=True)
    ]


def _text(count: float, share: float) -> str:
    return f"{formats.percent(share)} ({formats.number(count)})"


def _fitted(values: Counts | None, size: int) -> list[float]:
    if values is None or len(values) == 0:
        return [0.0] * size
    if len(values) != size:
        raise ValueError(f"{len(values)} counts do not fit {size} bins")
    return svg.counts(values)


def _places(edges: Sequence[float]) -> list[tuple[float, float]]:
    """Return where each bin begins and ends; side by side when the edges give no widths."""
    if not has_widths(edges):
        return [(float(i), float(i + 1)) for i in range(len(edges) - 1)]
    inner = svg.finite(edges)
    widths = sorted(b - a for a, b in itertools.pairwise(inner))
    middle = widths[len(widths) // 2]
    low = inner[0] - middle if math.isinf(edges[0]) else edges[0]
    high = inner[-1] + middle if math.isinf(edges[-1]) else edges[-1]
    return list(itertools.pairwise([low, *edges[1:-1], high]))
