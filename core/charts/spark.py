"""Spark lines: the shape of a series in the height of a table row."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.safestring import SafeString

from core import formats
from core.charts import svg

Position = str | datetime


def spark(
    values: Sequence[float | None],
    *,
    label: str,
    positions: Sequence[Position] | None = None,
    width: int = 120,
    height: int = 28,
) -> SafeString:
    """Draw `values` in their order as a line of `width` x `height` pixels, its end marked.

    `positions` (times or words, one per value) name the values in tooltips; None and NaN are gaps.
    """
    known = svg.finite(values)
    if not known:
        return svg.nothing(label, kind="spark")
    names = _names(values, positions)
    x = svg.Scale(0, max(len(values) - 1, 1), 3, width - 3)
    y = svg.Scale(min(known), max(known), height - 4, 4)
    points = [
        (x(i), y(value)) if svg.finite([value]) and value is not None else None
        for i, value in enumerate(values)
    ]
    texts = [formats.number(value) for value in values]
    marks = [*_lines(points), *_end(points), *_hits(points, names, texts, height=height)]
    rows = list(zip(names, texts, strict=True))
    twin = svg.Twin(caption=label, head=("", "value"), rows=rows)
    return svg.figure(*marks, width=width, height=height, kind="inline chart-spark", twin=twin)


def _names(values: Sequence[float | None], positions: Sequence[Position] | None) -> list[str]:
    if positions is None:
        return [str(i + 1) for i in range(len(values))]
    return [p if isinstance(p, str) else formats.at(p) for p in positions]


def runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """Return the stretches of points between gaps."""
    stretches: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            stretches.append([])
        else:
            stretches[-1].append(point)
    return [stretch for stretch in stretches if stretch]


def _lines(points: Sequence[tuple[float, float] | None]) -> list[SafeString]:
    return [svg.polyline(run, class_="line-current") for run in runs(points) if len(run) > 1]


def _end(points: Sequence[tuple[float, float] | None]) -> list[SafeString]:
    last = [point for point in points if point is not None][-1]
    return [svg.element("circle", cx=last[0], cy=last[1], r=2.5, class_="dot-current")]


def _hits(
    points: Sequence[tuple[float, float] | None],
    names: Sequence[str],
    texts: Sequence[str],
    *,
    height: int,
) -> list[SafeString]:
    """Return what the pointer meets: a column per value, as the line itself is too thin."""
    step = points_apart(points)
    return [
        svg.rect(
            f"{name}: {shown}", x=p[0] - step / 2, y=0, width=step, height=height, class_="hit"
        )
        for p, name, shown in zip(points, names, texts, strict=True)
        if p is not None
    ]


def points_apart(points: Sequence[tuple[float, float] | None]) -> float:
    """Return how far neighbours are apart, for points that were spread evenly."""
    placed = [(i, p[0]) for i, p in enumerate(points) if p is not None]
    if len(placed) < 2:
        return 6.0
    (first, start), (last, end) = placed[0], placed[-1]
    return (end - start) / (last - first)
