"""Charts made of cells: the heat map of correlations and the confusion matrix."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from core import formats
from core.charts import svg

MOST_COLUMNS: Final = 40
"""Beyond this, only the columns with the strongest correlations are drawn."""
_NUMBERS_UP_TO: Final = 12
_LETTER = 6.6
_LETTERS_SHOWN = 20

Matrix = Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the cells of a matrix are: margins for the names, and the size of a cell."""

    names: Sequence[str]
    size: int

    @property
    def slanted(self) -> bool:
        """Whether the names above are too long to lie flat over their columns."""
        return self._longest > self.size - 6

    @property
    def left(self) -> float:
        return max(84.0, self._longest + 16)

    @property
    def top(self) -> float:
        return max(34.0, 0.71 * self._longest + 18) if self.slanted else 34.0

    @property
    def width(self) -> float:
        overhang = 0.71 * self._longest - self.size / 2 + 8 if self.slanted else 0
        return self.left + len(self.names) * self.size + max(overhang, 0)

    @property
    def height(self) -> float:
        return self.top + len(self.names) * self.size

    @property
    def _longest(self) -> float:
        return min(max(len(name) for name in self.names), _LETTERS_SHOWN) * _LETTER

    def x(self, column: int) -> float:
        return self.left + column * self.size

    def y(self, row: int) -> float:
        return self.top + row * self.size

    def headings(self) -> list[SafeString]:
        """Return the names left of the rows and above the columns."""
        marks = []
        for i, name in enumerate(self.names):
            shown = svg.shortened(name, letters=_LETTERS_SHOWN)
            y = self.y(i) + self.size / 2 + 4
            marks.append(svg.text(shown, x=self.left - 8, y=y, class_="end"))
            x = self.x(i) + self.size / 2
            slant = f"rotate(-45 {x:.1f} {self.top - 7:.1f})" if self.slanted else None
            class_ = None if self.slanted else "middle"
            marks.append(
                svg.element("text", shown, x=x, y=self.top - 7, transform=slant, class_=class_)
            )
        return marks

    def cell(self, says: str, *, row: int, column: int, strength: float, class_: str) -> SafeString:
        """Return one cell, the fuller the larger `strength` (0 to 1) is."""
        return svg.element(
            "rect",
            svg.title(says),
            x=self.x(column) + 1,
            y=self.y(row) + 1,
            width=self.size - 2,
            height=self.size - 2,
            rx=2,
            class_=class_,
            fill_opacity=0.08 + 0.92 * strength,
        )

    def inside(self, shown: str, *, row: int, column: int, lower: float = 0) -> SafeString:
        """Return a text in the middle of a cell."""
        x, y = self.x(column) + self.size / 2, self.y(row) + self.size / 2 + 4 + lower
        return svg.text(shown, x=x, y=y, class_="middle strong")


def heat_map(names: Sequence[str], values: Matrix, *, label: str) -> SafeString:
    """Draw a square of correlations from -1 to 1; the stronger, the fuller the cell.

    Positive and negative have a colour each, and numbers stand in the cells while there is room.
    """
    if not names:
        return svg.nothing(label, kind="heat")
    caption = label
    if len(names) > MOST_COLUMNS:
        caption = f"{label}: the {MOST_COLUMNS} most correlated of {len(names)} columns"
        names, values = _strongest(names, values)
    size = 46 if len(names) <= _NUMBERS_UP_TO else max(14, 560 // len(names))
    grid = _Grid(names, size)
    marks = grid.headings()
    for row, name in enumerate(names):
        for column, other in enumerate(names):
            value = values[row][column]
            says = f"{name} and {other}: {formats.number(value, digits=3)}"
            known = 0.0 if value is None or math.isnan(value) else max(-1.0, min(value, 1.0))
            class_ = "cell-positive" if known >= 0 else "cell-negative"
            class_ = "cell-frame" if formats.is_nothing(value) else class_
            marks.append(
                grid.cell(says, row=row, column=column, strength=abs(known), class_=class_)
            )
            if size >= 40:
                shown = formats.number(None if value is None else round(value, 2), digits=2)
                marks.append(grid.inside(shown, row=row, column=column))
    rows = [
        (name, *(formats.number(v, digits=2) for v in values[i])) for i, name in enumerate(names)
    ]
    return svg.figure(
        *marks,
        width=grid.width,
        height=grid.height,
        kind="heat chart-scroll",
        twin=svg.Twin(caption=caption, head=("", *names), rows=rows),
        legend=svg.legend(
            [("cell-positive", "rise together"), ("cell-negative", "one rises, one falls")]
        ),
    )


def confusion_matrix(labels: Sequence[str], counts: Matrix, *, label: str) -> SafeString:
    """Draw how often each true label (row) was predicted as which (column).

    A cell is the fuller, the larger its share of its row; right ones and mistakes have a colour
    each.
    """
    if not labels or not any(any(svg.counts(row)) for row in counts):
        return svg.nothing(label, kind="confusion")
    few = len(labels) <= _NUMBERS_UP_TO
    grid = _Grid(labels, (74 if len(labels) <= 6 else 50) if few else 18)
    marks = grid.headings()
    marks.append(svg.text("predicted →", x=grid.left - 8, y=grid.top - 22, class_="end strong"))
    marks.append(svg.text("true ↓", x=grid.left - 8, y=grid.top - 7, class_="end strong"))
    for row, name in enumerate(labels):
        shares = svg.shares(counts[row])
        for column, (count, share) in enumerate(zip(svg.counts(counts[row]), shares, strict=True)):
            part = formats.percent(share)
            says = f"{formats.number(count)} of {name} predicted as {labels[column]}: {part}"
            class_ = "cell-positive" if row == column else "cell-negative"
            place = {"row": row, "column": column}
            marks.append(grid.cell(says, **place, strength=share, class_=class_))
            if few:
                lift = -9 if grid.size >= 70 else 0
                marks.append(grid.inside(_fitting(count), **place, lower=lift))
            if grid.size >= 70:
                marks.append(grid.inside(part, **place, lower=9))
    rows = [
        (f"true {name}", *(formats.number(v) for v in svg.counts(counts[i])))
        for i, name in enumerate(labels)
    ]
    head = ("", *(f"predicted {name}" for name in labels))
    return svg.figure(
        *marks,
        width=grid.width,
        height=grid.height,
        kind="confusion chart-scroll",
        twin=svg.Twin(caption=label, head=head, rows=rows),
        legend=svg.legend([("cell-positive", "right"), ("cell-negative", "mistaken")]),
    )


def _strongest(names: Sequence[str], values: Matrix) -> tuple[list[str], list[list[float | None]]]:
    """Return the columns whose strongest correlation with another is largest, in their order."""

    def strength(i: int) -> float:
        return max(map(abs, svg.finite(v for j, v in enumerate(values[i]) if j != i)), default=0.0)

    kept = sorted(sorted(range(len(names)), key=strength, reverse=True)[:MOST_COLUMNS])
    return [names[i] for i in kept], [[values[i][j] for j in kept] for i in kept]


def _fitting(count: float) -> str:
    """Return a count that fits its cell: up to 9,999,999 in full, beyond that `1.2e+07`."""
    full = formats.number(count)
    return full if len(full) <= 9 else f"{count:.1e}"
