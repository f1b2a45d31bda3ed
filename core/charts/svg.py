"""What all charts are put together from: elements, scales, legends and the table twin."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Final

from django.utils.safestring import SafeString

from core import formats

Attribute = str | float | None

_SHAPES: Final = frozenset({"circle", "line", "path", "polygon", "polyline", "rect"})


def element(name: str, *content: str, **attributes: Attribute) -> SafeString:
    """Return one element; attribute `class_` is `class`, `text_x` is `text-x`, None is left out.

    Text that is not safe HTML is escaped, so names of columns and labels may hold anything.
    """
    shown = "".join(
        f' {_hyphenated(key)}="{_attribute(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _SHAPES and not content:
        return SafeString(f"<{name}{shown}/>")
    return SafeString(f"<{name}{shown}>{joined(content)}</{name}>")


def joined(parts: Iterable[str]) -> SafeString:
    """Return parts as one, those that are not safe HTML escaped."""
    return SafeString("".join([p if isinstance(p, SafeString) else escape(p) for p in parts]))


def title(text: str) -> SafeString:
    """Return the tooltip of a mark."""
    return element("title", text)


def rect(
    tooltip: str, *, x: float, y: float, width: float, height: float, class_: str, rx: float = 0
) -> SafeString:
    """Return a bar or cell with its tooltip (none when it is empty)."""
    return element(
        "rect",
        *([title(tooltip)] if tooltip else []),
        x=x,
        y=y,
        width=max(width, 0),
        height=max(height, 0),
        rx=rx or None,
        class_=class_,
    )


def bars(bars_: Iterable[tuple[float, float, float]], *, base: float, class_: str) -> SafeString:
    """Return upright bars from (left, width, top) as one shape, which keeps pages small."""
    drawn = "".join(
        f"M{compact(x)} {compact(base)}V{compact(top)}h{compact(width)}V{compact(base)}z"
        for x, width, top in bars_
        if top < base
    )
    return element("path", d=drawn, class_=class_)


def text(content: str, *, x: float, y: float, class_: str | None = None) -> SafeString:
    """Return a piece of text whose base line is at `y`."""
    return element("text", content, x=x, y=y, class_=class_)


def line(*, x1: float, y1: float, x2: float, y2: float, class_: str) -> SafeString:
    """Return a straight line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def polyline(points: Iterable[tuple[float, float]], *, class_: str) -> SafeString:
    """Return a line through points."""
    path = " ".join(f"{compact(x)},{compact(y)}" for x, y in points)
    return element("polyline", points=path, class_=class_)


@dataclass(frozen=True, slots=True)
class Twin:
    """The same numbers as a table, for those who do not see the drawing."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def render(self) -> SafeString:
        # A header that says nothing is announced as one all the same: a plain cell is not.
        head = joined(
            element("th", cell, scope="col") if cell else element("td", "") for cell in self.head
        )
        rows = joined(
            element("tr", element("th", row[0], scope="row"), *(element("td", c) for c in row[1:]))
            for row in self.rows
        )
        table = element(
            "table",
            element("caption", self.caption),
            element("thead", element("tr", head)),
            element("tbody", rows),
        )
        # A table is as tall as its rows whatever its style says; only a box around it hides it.
        return element("div", table, class_="visually-hidden")


def figure(
    *marks: str,
    width: float,
    height: float,
    kind: str,
    twin: Twin,
    legend: SafeString | None = None,
    stretch: bool = False,
) -> SafeString:
    """Return the whole chart: drawing, legend and table twin in one `<figure>`.

    `stretch` lets the drawing fill the width there is; marks then widen, so it must hold no text.
    """
    drawing = element(
        "svg",
        *marks,
        viewBox=f"0 0 {compact(width)} {compact(height)}",
        width="100%" if stretch else width,
        height=height,
        preserveAspectRatio="none" if stretch else None,
        aria_hidden="true",
        focusable="false",
    )
    return element("figure", drawing, legend or "", twin.render(), class_=f"chart chart-{kind}")


def nothing(label: str, *, kind: str) -> SafeString:
    """Return what stands in place of a chart that has no numbers."""
    says = element("span", f"No data: {label}", class_="visually-hidden")
    dash = element("span", formats.NOTHING, aria_hidden="true", class_="nothing")
    return element("figure", dash, says, class_=f"chart chart-{kind}")


def legend(entries: Iterable[tuple[str, str]]) -> SafeString:
    """Return the legend of (class of the mark, its name) pairs."""
    return element(
        "div",
        *(
            element(
                "span",
                element(
                    "svg",
                    rect("", x=0, y=3, width=14, height=10, class_=class_, rx=2),
                    viewBox="0 0 14 16",
                    aria_hidden="true",
                ),
                name,
            )
            for class_, name in entries
        ),
        class_="legend",
    )


def finite(values: Iterable[float | None]) -> list[float]:
    """Return the values that can be drawn."""
    return [float(v) for v in values if v is not None and math.isfinite(v)]


def counts(values: Iterable[float | None]) -> list[float]:
    """Return counts with 0 for what is missing or below it."""
    return [max(float(v), 0.0) if v is not None and math.isfinite(v) else 0.0 for v in values]


def shares(values: Iterable[float | None]) -> list[float]:
    """Return counts as shares of their sum; all 0 when there is nothing to share."""
    known = counts(values)
    total = math.fsum(known)
    return [value / total if total else 0.0 for value in known]


@dataclass(frozen=True, slots=True)
class Scale:
    """A straight map from numbers to places: `low` is drawn at `start`, `high` at `end`."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low
        # Halves first: the span of two very large numbers of opposite sign would be infinite.
        share = 0.5 if span == 0 else (value / 2 - self.low / 2) / (self.high / 2 - self.low / 2)
        return self.start + (self.end - self.start) * share


def ticks(low: float, high: float, *, about: int = 4) -> list[float]:
    """Return round numbers within `low` and `high`, about as many as asked."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        return [low]
    rough = span / about
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(i * step, 12 - math.floor(math.log10(step))) for i in range(first, last + 1)]


def shortened(label: str, *, letters: int) -> str:
    """Return `label` with its middle left out if it is longer than `letters`."""
    if len(label) <= letters:
        return label
    half = (letters - 1) // 2
    return f"{label[: letters - 1 - half]}…{label[len(label) - half :] if half else ''}"


@lru_cache(maxsize=64)
def _hyphenated(key: str) -> str:
    return key.rstrip("_").replace("_", "-")


def _attribute(value: str | float) -> str:
    return escape(value) if isinstance(value, str) else compact(value)


def compact(value: float) -> str:
    """Return a coordinate to the hundredth of a pixel."""
    return f"{value:.2f}".rstrip("0").rstrip(".")
