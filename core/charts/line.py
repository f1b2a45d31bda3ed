"""The line chart of an evolution: one or two series over time, with the band of what is normal."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.utils.safestring import SafeString

from core import formats
from core.charts import svg
from core.charts.spark import Position, points_apart, runs

HEIGHT: Final = 220
MOST_DOTS: Final = 60
"""Beyond this, values have no dot of their own unless they lie outside the band."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 12, 10, 26
_LOOKS = ("current", "other")

Band = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart; None and NaN among its values are gaps."""

    name: str
    values: Sequence[float | None]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The scales of a chart, and how far its drawing reaches to the right."""

    x: svg.Scale
    y: svg.Scale
    right: float

    def level(self, value: float, *, class_: str) -> SafeString:
        """Return a horizontal line through the whole chart."""
        y = self.y(value)
        return svg.line(x1=_LEFT, y1=y, x2=self.right, y2=y, class_=class_)


def line_chart(
    series: Sequence[Series],
    *,
    positions: Sequence[Position],
    label: str,
    band: Band | None = None,
    reference: float | None = None,
    unit: str = "",
    width: int = 720,
) -> SafeString:
    """Draw one or two `series` over `positions` (times or words, drawn evenly spaced).

    `band` is the range within which values count as unchanged, `reference` the value of the
    baseline as a dashed line; points outside the band are marked. `width` is in pixels: 720 for
    one of two columns, 1120 for the whole page.
    """
    known = svg.finite(v for one in series for v in one.values)
    if not known or not positions:
        return svg.nothing(label, kind="line")
    if band is not None and len(svg.finite(band)) < 2:
        band = None
    if reference is not None and not math.isfinite(reference):
        reference = None
    levels = svg.finite([*(band or ()), reference])
    low, high = _padded(min(known + levels), max(known + levels))
    frame = _Frame(
        x=svg.Scale(0, max(len(positions) - 1, 1), _LEFT + 6, width - _RIGHT - 6),
        y=svg.Scale(low, high, HEIGHT - _BOTTOM, _TOP),
        right=width - _RIGHT,
    )
    names = [p if isinstance(p, str) else formats.at(p) for p in positions]
    after = f" {unit}" if unit else ""
    marks = [*_band(band, frame), *_grid(frame), *_times(positions, frame)]
    if reference is not None:
        marks.append(frame.level(reference, class_="line-reference"))
    for one, look in zip(series, _LOOKS, strict=False):
        marks += _line(one, look=look, frame=frame, band=band)
    marks += _hits(series, names, frame=frame, after=after)
    rows = [
        (name, *(f"{formats.number(one.values[i])}{after}" for one in series))
        for i, name in enumerate(names)
    ]
    return svg.figure(
        *marks,
        width=width,
        height=HEIGHT,
        kind="line",
        twin=svg.Twin(caption=label, head=("", *(one.name for one in series)), rows=rows),
        legend=svg.legend(_entries(series, band=band, reference=reference)),
    )


def _padded(low: float, high: float) -> tuple[float, float]:
    """Widen the range a little, so that lines do not touch the frame; a single value gets room."""
    room = (high / 2 - low / 2) * 0.12 or abs(low) * 0.1 or 1.0
    return low - room, high + room


def _band(band: Band | None, frame: _Frame) -> list[SafeString]:
    if band is None:
        return []
    top, bottom = frame.y(max(band)), frame.y(min(band))
    says = f"unchanged: {formats.number(min(band))} to {formats.number(max(band))}"
    return [
        svg.rect(
            says, x=_LEFT, y=top, width=frame.right - _LEFT, height=bottom - top, class_="band"
        )
    ]


def _grid(frame: _Frame) -> list[SafeString]:
    marks = []
    for value in svg.ticks(frame.y.low, frame.y.high):
        marks.append(frame.level(value, class_="grid"))
        y = frame.y(value) + 4
        marks.append(svg.text(formats.number(value), x=_LEFT - 8, y=y, class_="end"))
    return marks


def _times(positions: Sequence[Position], frame: _Frame) -> list[SafeString]:
    """Return about six names below the axis, the first and the last among them."""
    last = len(positions) - 1
    marks = []
    for i in sorted({round(i * last / 5) for i in range(6)}):
        x, class_ = frame.x(i), "middle"
        if i == 0 and last:
            x, class_ = _LEFT, "start"
        elif i == last and last:
            x, class_ = frame.right, "end"
        shown = _short(positions[i], positions)
        marks.append(svg.text(shown, x=x, y=HEIGHT - 6, class_=class_))
    return marks


def _short(position: Position, positions: Sequence[Position]) -> str:
    """Return a time as precisely as the range of the axis needs it."""
    if isinstance(position, str):
        return svg.shortened(position, letters=14)
    ends = [p for p in (positions[0], positions[-1]) if isinstance(p, datetime)]
    days = (ends[-1] - ends[0]).total_seconds() / 86400
    form = "%H:%M" if days < 2 else "%d %b" if days < 300 else "%b %Y"
    return position.astimezone(UTC).strftime(form)


def _line(one: Series, *, look: str, frame: _Frame, band: Band | None) -> list[SafeString]:
    points = [
        (frame.x(i), frame.y(v)) if v is not None and math.isfinite(v) else None
        for i, v in enumerate(one.values)
    ]
    marks = [svg.polyline(run, class_=f"line-{look}") for run in runs(points) if len(run) > 1]
    for point, value in zip(points, one.values, strict=True):
        if point is None or value is None:
            continue
        outside = band is not None and not min(band) <= value <= max(band)
        if outside or len(points) <= MOST_DOTS:
            class_ = f"dot-{look} outside" if outside else f"dot-{look}"
            radius = 3.5 if outside else 2.5
            marks.append(svg.element("circle", cx=point[0], cy=point[1], r=radius, class_=class_))
    return marks


def _hits(
    series: Sequence[Series], names: Sequence[str], *, frame: _Frame, after: str
) -> list[SafeString]:
    """Return what the pointer meets: a column per position, with the values of all series."""
    step = points_apart([(frame.x(i), 0.0) for i in range(len(names))])
    height = HEIGHT - _TOP - _BOTTOM
    marks = []
    for i, name in enumerate(names):
        values = ", ".join(f"{one.name} {formats.number(one.values[i])}{after}" for one in series)
        left = frame.x(i) - step / 2
        says = f"{name}: {values}"
        marks.append(svg.rect(says, x=left, y=_TOP, width=step, height=height, class_="hit"))
    return marks


def _entries(
    series: Sequence[Series], *, band: Band | None, reference: float | None
) -> list[tuple[str, str]]:
    entries = [(f"dot-{look}", one.name) for one, look in zip(series, _LOOKS, strict=False)]
    if reference is not None:
        entries.append(("bar-reference", f"reference {formats.number(reference)}"))
    if band is not None:
        low, high = sorted(band)
        entries.append(("band", f"unchanged: {formats.number(low)} to {formats.number(high)}"))
    return entries
