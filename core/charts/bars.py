"""Charts made of bars in a row: threshold bar, strip of states, shares of labels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from core import formats
from core.charts import svg
from core.charts.bins import with_others

SHARE_CLASSES: Final = 7
"""How many labels have a colour of their own; the rest share the last one."""

_STRIP_HEIGHTS: Final = {"bad": 30, "warn": 24, "ok": 18, "busy": 18, "idle": 6}
"""Worse is taller, nothing known is a stub: the strip reads without its colours too."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One stretch of time of a strip: a tone of `core.statuses`, what it says, where it leads."""

    tone: str
    title: str
    url: str = ""


def threshold_bar(
    percent: float | None, *, label: str, limit: float = 200.0, width: int = 132, height: int = 20
) -> SafeString:
    """Draw a value as `percent` of its threshold, with a tick at 100 and an arrow beyond `limit`.

    The number stands beside it. Below the threshold the bar is quiet, beyond it speaks.
    """
    if percent is None or math.isnan(percent):
        return svg.nothing(label, kind="threshold")
    size = abs(percent)
    scale = svg.Scale(0, limit, 0, width)
    end = scale(min(size, limit))
    shown = f"{formats.number(percent, digits=3)} %"
    says = f"{label}: {shown} of the threshold"
    middle, thick = height / 2, 8
    class_ = "within" if size <= 100 else "beyond"
    marks = [
        svg.rect("", x=0, y=middle - thick / 2, width=width, height=thick, class_="track", rx=2),
        svg.rect(
            "", x=0, y=middle - thick / 2, width=end, height=thick, class_=f"bar {class_}", rx=2
        ),
        *([_arrow(width, middle)] if size > limit else []),
        svg.line(x1=scale(100), y1=2, x2=scale(100), y2=height - 2, class_="tick"),
        svg.rect(says, x=0, y=0, width=width + 8, height=height, class_="hit"),
        svg.text(shown, x=width + 64, y=middle + 4, class_="strong end"),
    ]
    twin = svg.Twin(caption=label, head=("", "of threshold"), rows=[(label, shown)])
    return svg.figure(
        *marks, width=width + 64, height=height, kind="inline chart-threshold", twin=twin
    )


def strip(cells: Sequence[Cell], *, label: str, height: int = 34) -> SafeString:
    """Draw one bar per cell in the width there is: 90 days of a deployment, a day by hours.

    Each cell says its title and leads to its `url`, when it has one.
    """
    if not cells:
        return svg.nothing(label, kind="strip")
    marks = []
    for i, cell in enumerate(cells):
        tall = _STRIP_HEIGHTS.get(cell.tone, 6) * height / 34
        tone = cell.tone if cell.tone in _STRIP_HEIGHTS else "idle"
        y = (height - tall) / 2
        bar = svg.rect(
            cell.title, x=i * 10 + 1, y=y, width=8, height=tall, class_=f"cell tone-{tone}", rx=1
        )
        # Screen readers have the table; a keyboard would have to pass 90 links.
        marks.append(svg.element("a", bar, href=cell.url, tabindex="-1") if cell.url else bar)
    rows = [(str(i + 1), cell.title) for i, cell in enumerate(cells)]
    twin = svg.Twin(caption=label, head=("", "state"), rows=rows)
    return svg.figure(
        *marks, width=len(cells) * 10, height=height, kind="strip", twin=twin, stretch=True
    )


def label_shares(
    *,
    label: str,
    labels: Sequence[str],
    reference: Sequence[float | None] | None = None,
    current: Sequence[float | None] | None = None,
    width: int = 560,
) -> SafeString:
    """Draw how often each label occurs as stacked bars, reference above current.

    `reference` and `current` are counts per label; either may be missing. Beyond seven labels the
    rarest of the rest are drawn as one, `others`.
    """
    given = [("reference", reference), ("current", current)]
    known = [(name, svg.counts(values)) for name, values in given if values is not None]
    known = [(name, values) for name, values in known if any(values)]
    if not known or not labels:
        return svg.nothing(label, kind="shares")
    columns = [values for _, values in known]
    names, columns = with_others(list(labels), columns, most=SHARE_CLASSES)
    marks: list[SafeString] = []
    left, bar, gap = 76, 26, 10
    for row, ((name, _), values) in enumerate(zip(known, columns, strict=True)):
        y = row * (bar + gap)
        marks.append(svg.text(name, x=0, y=y + 17))
        marks += _stack(names, values, left=left, width=width - left, y=y, height=bar)
    totals = [math.fsum(values) for values in columns]
    rows = [
        (name, *(_share_text(v[i], total) for v, total in zip(columns, totals, strict=True)))
        for i, name in enumerate(names)
    ]
    twin = svg.Twin(caption=label, head=("label", *(name for name, _ in known)), rows=rows)
    entries = [(f"share-{i}", name) for i, name in enumerate(names)]
    height = len(known) * (bar + gap) - gap
    key = svg.legend(entries)
    return svg.figure(*marks, width=width, height=height, kind="shares", twin=twin, legend=key)


def _arrow(x: float, y: float) -> SafeString:
    points = f"{x + 1:.1f},{y - 6:.1f} {x + 9:.1f},{y:.1f} {x + 1:.1f},{y + 6:.1f}"
    return svg.element("polygon", points=points, class_="beyond arrow")


def _stack(
    names: list[str], values: list[float], *, left: float, width: float, y: float, height: float
) -> list[SafeString]:
    total = math.fsum(values)
    marks: list[SafeString] = []
    x = left
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        wide = width * (value / total)
        says = f"{name}: {_share_text(value, total)}"
        class_ = f"share-{min(i, SHARE_CLASSES - 1)}"
        if value:
            marks.append(
                svg.rect(says, x=x, y=y, width=max(wide - 1, 0.5), height=height, class_=class_)
            )
        x += wide
    return marks


def _share_text(value: float, total: float) -> str:
    return f"{formats.percent(value / total if total else 0.0)} ({formats.number(value)})"
