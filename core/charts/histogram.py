"""Histograms of one column: the reference as filled bars, what is current drawn over it.

Both are drawn as shares of their own total, so that 200 rows compare with 20,000.
"""

from collections.abc import Sequence
from typing import Final

from django.utils.safestring import SafeString

from core import formats
from core.charts import svg
from core.charts.bins import Bin, Counts, has_widths, label_bins, numeric_bins

SIDES: Final = ("reference", "current")
_SMALL, _LARGE = (132, 32), (560, 180)


def histogram_pair(
    *,
    label: str,
    edges: Sequence[float] | None = None,
    labels: Sequence[str] | None = None,
    reference: Counts | None = None,
    current: Counts | None = None,
    large: bool = False,
) -> SafeString:
    """Draw the distribution of a numeric column (by `edges`) or of a category (by `labels`).

    `reference` and `current` are counts per bin, one less than `edges`, as many as `labels`;
    either may be missing. The first and the last edge may be infinite. Bars of unequal width show
    density, so that equal areas are equal shares.

    Raises:
        ValueError: the number of counts does not fit the edges or labels.
    """
    edges = () if edges is None else edges
    if labels is not None:
        bins = label_bins(labels, reference, current)
    else:
        bins = numeric_bins(edges, reference, current)
    given = [side for side in (0, 1) if any(b.counts[side] for b in bins)]
    if not given:
        return svg.nothing(label, kind="histogram")
    if labels is not None and large:
        return _rows(bins, given, label=label)
    numeric = labels is None and has_widths(edges)
    return _columns(bins, given, label=label, large=large, numeric=numeric)


def _twin(bins: list[Bin], given: list[int], *, label: str) -> svg.Twin:
    names = [SIDES[side] for side in given]
    rows = [(b.name, *(b.texts[side] for side in given)) for b in bins]
    return svg.Twin(caption=f"{label}: {' and '.join(names)}", head=("", *names), rows=rows)


def _columns(
    bins: list[Bin], given: list[int], *, label: str, large: bool, numeric: bool
) -> SafeString:
    """Draw upright bars on an axis: numeric columns, and categories in a table row."""
    width, height = _LARGE if large else _SMALL
    base = height - (22 if large else 1)
    mean = (bins[-1].right - bins[0].left) / len(bins)
    tops = [[share * mean / (b.right - b.left) for share in b.shares] for b in bins]
    x = svg.Scale(bins[0].left, bins[-1].right, 0, width)
    y = svg.Scale(0, max(max(pair) for pair in tops), base, 2)
    spans = [(x(b.left), x(b.right) - x(b.left)) for b in bins]
    marks = [_bars(side, spans, [y(pair[side]) for pair in tops], base, given) for side in given]
    if len(given) == 2:
        marks.append(_outline(bins, [pair[1] for pair in tops], x=x, y=y))
    for b, (left, wide) in zip(bins, spans, strict=True):
        says = f"{b.name}: {', '.join(f'{SIDES[side]} {b.texts[side]}' for side in given)}"
        marks.append(svg.rect(says, x=left, y=0, width=wide, height=base, class_="hit"))
    marks.append(svg.line(x1=0, y1=base, x2=width, y2=base, class_="axis"))
    if large:
        marks += _numbers(x, y=height - 6) if numeric else _names(bins, x=x, y=height - 6)
    return svg.figure(
        *marks,
        width=width,
        height=height,
        kind="histogram" if large else "inline chart-histogram",
        twin=_twin(bins, given, label=label),
        legend=_key(given) if large else None,
    )


def _bars(
    side: int,
    spans: list[tuple[float, float]],
    tops: list[float],
    base: float,
    given: list[int],
) -> SafeString:
    over = " over" if side == 1 and len(given) == 2 else ""
    gap = min(1.0, min(wide for _, wide in spans) / 6)
    parts = [
        (left + gap / 2, wide - gap, top) for (left, wide), top in zip(spans, tops, strict=True)
    ]
    return svg.bars(parts, base=base, class_=f"bar-{SIDES[side]}{over}")


def _outline(bins: list[Bin], tops: list[float], *, x: svg.Scale, y: svg.Scale) -> SafeString:
    """Return the contour of what is current, so that not colour alone tells it apart."""
    points = [(x(bins[0].left), y(0))]
    for b, top in zip(bins, tops, strict=True):
        points += [(x(b.left), y(top)), (x(b.right), y(top))]
    points.append((x(bins[-1].right), y(0)))
    return svg.polyline(points, class_="line-current")


def _numbers(x: svg.Scale, *, y: float) -> list[SafeString]:
    return [
        svg.text(formats.number(value), x=x(value), y=y, class_="middle")
        for value in svg.ticks(x.low, x.high, about=6)
        if x.start + 14 < x(value) < x.end - 14
    ]


def _names(bins: list[Bin], *, x: svg.Scale, y: float) -> list[SafeString]:
    letters = max(3, int(x.end / len(bins) / 7))
    return [
        svg.text(
            svg.shortened(b.name, letters=letters),
            x=x((b.left + b.right) / 2),
            y=y,
            class_="middle",
        )
        for b in bins
    ]


def _rows(bins: list[Bin], given: list[int], *, label: str) -> SafeString:
    """Draw lying bars, one row per label, where their names have room."""
    width, left, right = _LARGE[0], 150, 64
    each = 12 * len(given) + 12
    highest = max(b.shares[side] for b in bins for side in given)
    x = svg.Scale(0, highest, left, width - right)
    marks = []
    for row, b in enumerate(bins):
        top = row * each + 4
        name = svg.shortened(b.name, letters=18)
        marks.append(svg.text(name, x=left - 8, y=top + 6 * len(given) + 4, class_="end"))
        for place, side in enumerate(given):
            y, end = top + place * 12, x(b.shares[side])
            says = f"{b.name}: {SIDES[side]} {b.texts[side]}"
            class_ = f"bar-{SIDES[side]}"
            marks.append(svg.rect(says, x=left, y=y, width=end - left, height=11, class_=class_))
            marks.append(svg.text(formats.percent(b.shares[side]), x=end + 5, y=y + 10))
    height = len(bins) * each
    marks.append(svg.line(x1=left, y1=0, x2=left, y2=height, class_="axis"))
    return svg.figure(
        *marks,
        width=width,
        height=height,
        kind="histogram",
        twin=_twin(bins, given, label=label),
        legend=_key(given),
    )


def _key(given: list[int]) -> SafeString:
    return svg.legend((f"bar-{SIDES[side]}", SIDES[side]) for side in given)
