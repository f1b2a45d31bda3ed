"""Charts as inline SVG drawn on the server: plain numbers in, safe HTML out.

They take the theme of the page by their CSS classes (`static/css/charts.css`), print, and work
without JavaScript. Every mark carries a `<title>`, and every chart a table of the same numbers for
screen readers. NaN and None are gaps; a chart without any number says so in words.
"""

from core.charts.bars import Cell, label_shares, strip, threshold_bar
from core.charts.histogram import histogram_pair
from core.charts.line import Series, line_chart
from core.charts.matrix import confusion_matrix, heat_map
from core.charts.spark import spark

__all__ = [
    "Cell",
    "Series",
    "confusion_matrix",
    "heat_map",
    "histogram_pair",
    "label_shares",
    "line_chart",
    "spark",
    "strip",
    "threshold_bar",
]
