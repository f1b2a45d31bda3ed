"""Charts: their marks stand where the numbers say, and odd numbers break nothing."""

import math
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.utils.safestring import SafeString
from hypothesis import given, settings
from hypothesis import strategies as st

from core import charts
from core.charts import svg
from core.charts.bins import MOST_BARS, MOST_LABELS
from core.charts.matrix import MOST_COLUMNS

anything = st.one_of(
    st.none(),
    st.floats(-1e300, 1e300),
    st.sampled_from([math.nan, math.inf, -math.inf]),
    st.integers(min_value=-(10**18), max_value=10**18),
)


def drawn(chart: SafeString) -> ET.Element:
    """Return a chart as a tree; one that is not well-formed fails here."""
    assert isinstance(chart, SafeString)
    return ET.fromstring(chart)  # noqa: S314  (our own output)


def of_class(root: ET.Element, name: str) -> list[ET.Element]:
    """Return the elements that carry a class."""
    return [e for e in root.iter() if name in e.get("class", "").split()]


def marks(root: ET.Element, name: str) -> list[ET.Element]:
    """Return the marks of a class in the drawing itself, without those of its legend."""
    picture = root.find("svg")
    assert picture is not None
    return of_class(picture, name)


def titles(root: ET.Element) -> list[str]:
    return [e.text or "" for e in root.iter("title")]


def table(root: ET.Element) -> list[list[str]]:
    """Return the rows of the twin without its head."""
    return [["".join(c.itertext()) for c in row] for row in root.findall(".//tbody/tr")]


def place(element: ET.Element, *names: str) -> list[float]:
    return [float(element.get(name, "nan")) for name in names]


def bars(root: ET.Element, name: str) -> list[tuple[float, float, float]]:
    """Return (left, width, top) of the bars that a path of class `name` draws."""
    (path,) = marks(root, name)
    found = re.findall(r"M(\S+) \S+V(\S+)h(\S+)V\S+z", path.get("d", ""))
    return [(float(x), float(width), float(top)) for x, top, width in found]


# ---- histogram ---------------------------------------------------------------------------------


def test_areas_of_a_histogram_with_unequal_bins_are_those_of_numpys_density() -> None:
    rng = np.random.default_rng(7)
    edges = [0.0, 0.5, 1.0, 2.0, 5.0]
    counts, _ = np.histogram(rng.exponential(1.0, 500), edges)
    density = counts / counts.sum() / np.diff(edges)
    root = drawn(charts.histogram_pair(label="x", edges=edges, reference=counts, large=True))
    (axis,) = marks(root, "axis")
    heights = [float(axis.get("y1", "0")) - top for _, _, top in bars(root, "bar-reference")]
    assert heights == pytest.approx(density / density.max() * max(heights), abs=0.02)
    widths = [width for _, width, _ in bars(root, "bar-reference")]
    assert widths == pytest.approx(np.diff(edges) / 5.0 * 560 - 1, abs=0.02)


def test_both_sides_are_drawn_as_shares_so_that_their_sizes_do_not_matter() -> None:
    few, many = [10, 20, 10], [1000, 2000, 1000]
    root = drawn(charts.histogram_pair(label="x", edges=[0, 1, 2, 3], reference=few, current=many))
    assert bars(root, "bar-reference") == bars(root, "bar-current")
    assert table(root)[1] == ["1 to 2", "50 % (20)", "50 % (2,000)"]


def test_what_is_current_has_a_contour_only_beside_a_reference() -> None:
    both = drawn(
        charts.histogram_pair(label="x", edges=[0, 1, 2], reference=[1, 2], current=[2, 1])
    )
    alone = drawn(charts.histogram_pair(label="x", edges=[0, 1, 2], current=[2, 1]))
    assert len(marks(both, "line-current")) == 1
    assert marks(alone, "line-current") == []
    assert [row[0] for row in table(alone)] == ["0 to 1", "1 to 2"]


def test_infinite_edges_are_drawn_as_wide_as_the_middle_bin() -> None:
    edges = [-math.inf, 0, 1, 2, math.inf]
    root = drawn(charts.histogram_pair(label="x", edges=edges, reference=[1, 1, 1, 1]))
    assert {round(width, 1) for _, width, _ in bars(root, "bar-reference")} == {32.0}
    assert titles(root)[0].startswith("-∞ to 0:")


@pytest.mark.parametrize("edges", [[1, 1, 1], [3, 2, 1], [-math.inf, 5, math.inf]])
def test_edges_without_widths_are_drawn_side_by_side_and_named(edges: list[float]) -> None:
    root = drawn(charts.histogram_pair(label="x", edges=edges, reference=[1, 3], large=True))
    assert len(bars(root, "bar-reference")) == 2
    assert all("t" in "".join(t.itertext()) for t in marks(root, "middle"))


def test_too_many_bins_are_joined_without_losing_a_count() -> None:
    edges = list(range(1001))
    root = drawn(charts.histogram_pair(label="x", edges=edges, reference=[1] * 1000))
    rows = table(root)
    assert len(rows) <= MOST_BARS
    assert sum(int(row[1].split("(")[1].rstrip(")")) for row in rows) == 1000
    assert (rows[0][0].split()[0], rows[-1][0].split()[-1]) == ("0", "1,000")


@pytest.mark.parametrize("large", [False, True])
def test_the_rarest_of_many_labels_are_joined(large: bool) -> None:
    labels = [f"label {i}" for i in range(50)]
    counts = list(range(50, 0, -1))
    chart = charts.histogram_pair(label="x", labels=labels, current=counts, large=large)
    rows = table(drawn(chart))
    assert len(rows) == MOST_LABELS
    assert rows[-1] == ["35 others", "49.4 % (630)"]


def test_counts_that_do_not_fit_their_edges_are_refused() -> None:
    with pytest.raises(ValueError, match="3 counts do not fit 2 bins"):
        charts.histogram_pair(label="x", edges=[0, 1, 2], reference=[1, 2, 3])


# ---- spark and line ----------------------------------------------------------------------------


def test_a_spark_line_breaks_at_gaps_and_marks_its_end() -> None:
    root = drawn(charts.spark([1, 2, None, 3, math.nan, 5, 4], label="requests"))
    assert len(marks(root, "line-current")) == 2
    (end,) = marks(root, "dot-current")
    assert place(end, "cx", "cy") == [117.0, 9.0]
    assert titles(root) == ["1: 1", "2: 2", "4: 3", "6: 5", "7: 4"]
    assert [row[1] for row in table(root)] == ["1", "2", "—", "3", "—", "5", "4"]


def test_a_single_value_is_a_dot() -> None:
    root = drawn(charts.spark([4.0], label="x"))
    assert marks(root, "line-current") == []
    assert len(marks(root, "dot-current")) == 1


def test_a_line_chart_marks_what_lies_outside_the_band() -> None:
    values = [0.69, 0.70, None, 0.50, 0.42]
    days = [datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=i) for i in range(5)]
    root = drawn(
        charts.line_chart(
            [charts.Series("accuracy", values)],
            positions=days,
            label="accuracy",
            band=(0.66, 0.72),
            reference=0.69,
        )
    )
    assert len(marks(root, "outside")) == 2
    assert len(marks(root, "line-reference")) == 1
    (band,) = marks(root, "band")
    first, second = [place(dot, "cy")[0] for dot in marks(root, "dot-current")][:2]
    top, height = place(band, "y", "height")
    assert top < second < first < top + height
    assert "2026-11-04 00:00:00 UTC: accuracy 0.5" in titles(root)
    assert "01 Nov" in "".join(root.itertext())


def test_a_line_chart_of_hours_shows_the_time_of_day() -> None:
    hours = [datetime(2026, 11, 1, i, tzinfo=UTC) for i in range(5)]
    root = drawn(
        charts.line_chart([charts.Series("x", [1, 2, 3, 2, 1])], positions=hours, label="x")
    )
    assert "04:00" in "".join(root.itertext())


def test_two_series_of_a_line_chart_have_a_colour_and_a_name_each() -> None:
    both = [charts.Series("p50", [1, 2]), charts.Series("p95", [4, 5])]
    root = drawn(charts.line_chart(both, positions=["a", "b"], label="latency", unit="ms"))
    assert len(marks(root, "line-current")) == len(marks(root, "line-other")) == 1
    assert table(root) == [["a", "1 ms", "4 ms"], ["b", "2 ms", "5 ms"]]


def test_the_dots_of_a_long_evolution_are_left_out_except_those_outside() -> None:
    values = [1.0] * 200 + [9.0]
    root = drawn(
        charts.line_chart(
            [charts.Series("x", values)],
            positions=[str(i) for i in range(201)],
            label="x",
            band=(0, 2),
        )
    )
    assert len(marks(root, "dot-current")) == 1


@given(st.floats(-1e15, 1e15), st.floats(1e-6, 1e15))
def test_ticks_are_round_rise_and_stay_within_their_range(low: float, span: float) -> None:
    high = low + span
    found = svg.ticks(low, high)
    assert found == sorted(found)
    room = abs(low) * 1e-9 + span * 1e-6
    assert all(low - room <= tick <= high + room for tick in found)
    assert len(found) <= 10


# ---- bars --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percent", "length", "class_"),
    [(0, 0, "within"), (50, 33, "within"), (100, 66, "within"), (150, 99, "beyond")],
)
def test_a_threshold_bar_reaches_its_tick_at_100(
    percent: float, length: float, class_: str
) -> None:
    root = drawn(charts.threshold_bar(percent, label="mean"))
    (bar,) = marks(root, "bar")
    (tick,) = marks(root, "tick")
    assert place(bar, "width") == [length]
    assert class_ in bar.get("class", "")
    assert place(tick, "x1") == [66.0]
    assert marks(root, "arrow") == []


@pytest.mark.parametrize("percent", [437.2, -437.2, 1e12, math.inf])
def test_a_value_far_beyond_its_threshold_is_cut_off_by_an_arrow(percent: float) -> None:
    root = drawn(charts.threshold_bar(percent, label="mean"))
    assert place(marks(root, "bar")[0], "width") == [132.0]
    assert len(marks(root, "arrow")) == 1


def test_a_strip_is_taller_where_it_is_worse_and_leads_somewhere() -> None:
    tones = ("idle", "ok", "warn", "bad", "nonsense")
    cells = [
        charts.Cell(tone, f"day {i}", "/jobs/" * (tone == "bad")) for i, tone in enumerate(tones)
    ]
    root = drawn(charts.strip(cells, label="90 days"))
    heights = [place(cell, "height")[0] for cell in marks(root, "cell")]
    assert heights[0] < heights[1] < heights[2] < heights[3]
    assert heights[4] == heights[0]
    assert titles(root) == [f"day {i}" for i in range(5)]
    assert [a.get("href") for a in root.iter("a")] == ["/jobs/"]


def test_shares_of_labels_fill_the_width_in_both_rows() -> None:
    root = drawn(
        charts.label_shares(
            label="labels", labels=["bad", "good"], reference=[522, 621], current=[160, 40]
        )
    )
    rows: dict[float, float] = {}
    for rect in [*marks(root, "share-0"), *marks(root, "share-1")]:
        y, width = place(rect, "y", "width")
        rows[y] = rows.get(y, 0) + width + 1
    assert list(rows.values()) == pytest.approx([484, 484], abs=0.1)
    assert table(root)[0] == ["bad", "45.7 % (522)", "80 % (160)"]


def test_more_labels_than_colours_are_joined_and_a_missing_side_is_left_out() -> None:
    root = drawn(
        charts.label_shares(label="x", labels=[f"c{i}" for i in range(30)], current=[1] * 30)
    )
    assert len(table(root)) == 7
    assert table(root)[-1] == ["24 others", "80 % (24)"]


# ---- matrices ----------------------------------------------------------------------------------


def test_a_correlation_is_the_fuller_the_stronger_it_is() -> None:
    values = [[1, -0.5, None], [-0.5, 1, 0.1], [None, 0.1, 1]]
    root = drawn(charts.heat_map(["a", "b", "c"], values, label="correlations"))
    by_title = {
        (e.find("title").text or ""): e for e in root.iter("rect") if e.find("title") is not None
    }  # type: ignore[union-attr]
    full, half = by_title["a and a: 1"], by_title["a and b: -0.5"]
    assert place(full, "fill-opacity") == [1.0]
    assert place(half, "fill-opacity") == [0.54]
    assert half.get("class") == "cell-negative"
    assert by_title["a and c: —"].get("class") == "cell-frame"


def test_of_very_many_columns_those_with_the_strongest_correlations_are_drawn() -> None:
    size = 60
    values = [[1.0 if i == j else 0.01 for j in range(size)] for i in range(size)]
    values[3][57] = values[57][3] = -0.9
    root = drawn(charts.heat_map([f"c{i}" for i in range(size)], values, label="r"))
    names = [row[0] for row in table(root)]
    assert len(names) == MOST_COLUMNS
    assert {"c3", "c57"} <= set(names)
    assert "40 most correlated of 60 columns" in "".join(root.itertext())


def test_a_confusion_matrix_is_shaded_by_the_shares_of_each_true_label() -> None:
    counts = np.array([[391, 59], [121, 572]])
    root = drawn(charts.confusion_matrix(["bad", "good"], counts.tolist(), label="confusion"))
    shares = counts / counts.sum(axis=1, keepdims=True)
    cells = [e for e in root.iter("rect") if e.get("fill-opacity")]
    opacities = [place(cell, "fill-opacity")[0] for cell in cells]
    assert opacities == pytest.approx((0.08 + 0.92 * shares).ravel(), abs=0.006)
    kinds = [cell.get("class") for cell in cells]
    assert kinds == ["cell-positive", "cell-negative", "cell-negative", "cell-positive"]
    assert "59 of bad predicted as good: 13.1 %" in titles(root)


# ---- all of them -------------------------------------------------------------------------------

EMPTY = {
    "spark": lambda: charts.spark([None, math.nan], label="it"),
    "histogram": lambda: charts.histogram_pair(label="it", edges=[0, 1], reference=[0]),
    "histogram without bins": lambda: charts.histogram_pair(label="it"),
    "threshold": lambda: charts.threshold_bar(None, label="it"),
    "threshold of NaN": lambda: charts.threshold_bar(math.nan, label="it"),
    "strip": lambda: charts.strip([], label="it"),
    "shares": lambda: charts.label_shares(label="it", labels=[], current=[]),
    "heat map": lambda: charts.heat_map([], [], label="it"),
    "confusion": lambda: charts.confusion_matrix(["a"], [[0]], label="it"),
    "line": lambda: charts.line_chart([charts.Series("x", [None])], positions=["a"], label="it"),
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_chart_without_numbers_says_so_in_words(name: str) -> None:
    root = drawn(EMPTY[name]())
    assert root.find("svg") is None
    assert "No data: it" in "".join(root.itertext())


EVIL = "<script>alert(1)</script>\"'&"


def test_names_are_text_whatever_they_hold() -> None:
    for chart in (
        charts.spark([1, 2], label=EVIL, positions=[EVIL, EVIL]),
        charts.histogram_pair(label=EVIL, labels=[EVIL, "b"], current=[1, 2], large=True),
        charts.threshold_bar(3, label=EVIL),
        charts.strip([charts.Cell("ok", EVIL, f"/?q={EVIL}")], label=EVIL),
        charts.label_shares(label=EVIL, labels=[EVIL], current=[1]),
        charts.heat_map([EVIL], [[1]], label=EVIL),
        charts.confusion_matrix([EVIL], [[1]], label=EVIL),
        charts.line_chart([charts.Series(EVIL, [1])], positions=[EVIL], label=EVIL),
    ):
        assert "<script" not in chart
        assert EVIL in "".join(drawn(chart).itertext())


def assert_sound(chart: SafeString) -> None:
    """Fail if a chart is malformed, places a mark nowhere, or styles it inline."""
    root = drawn(chart)
    for element in root.iter():
        assert "style" not in element.attrib
        for key, value in element.attrib.items():
            if key not in ("class", "href"):
                assert not re.search(r"\b(nan|inf)\b", value), (element.tag, key, value)


@settings(max_examples=60, deadline=None)
@given(values=st.lists(anything, max_size=70), other=st.lists(anything, max_size=70))
def test_odd_numbers_break_no_chart(values: list[float | None], other: list[float | None]) -> None:
    size = min(len(values), len(other))
    names = [f"n{i}" for i in range(size)]
    left, right = values[:size], other[:size]
    assert_sound(charts.spark(values, label="x"))
    assert_sound(charts.threshold_bar(values[0] if values else None, label="x"))
    assert_sound(charts.label_shares(label="x", labels=names, reference=left, current=right))
    assert_sound(charts.histogram_pair(label="x", labels=names, reference=left, current=right))
    edges = sorted(svg.finite(other))
    if len(edges) > 1:
        counts = (values * 70)[: len(edges) - 1] if values else []
        for large in (False, True):
            assert_sound(charts.histogram_pair(label="x", edges=edges, current=counts, large=large))
    both = [charts.Series("a", left), charts.Series("b", right)]
    band = (edges[0], edges[-1]) if edges else None
    assert_sound(charts.line_chart(both, positions=names, label="x", band=band))
    few = names[:6]
    matrix = [[right[j] for j in range(len(few))] for _ in few]
    assert_sound(charts.heat_map(few, matrix, label="x"))
    assert_sound(charts.confusion_matrix(few, matrix, label="x"))
