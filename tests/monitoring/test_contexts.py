"""What report pages show, from plain JSON."""

import pytest

from monitoring.contexts.bars import worst_of
from monitoring.contexts.distributions import beside_bins, distribution, unit
from monitoring.contexts.words import chance, figure, moment

NUMBERS = {"kind": "float", "edges": [0.0, 1.0, 2.0], "labels": []}
LABELS = {"kind": "category", "edges": [], "labels": ["a", "b"]}
DATES = {"kind": "date", "edges": [1_767_225_600.0, 1_767_312_000.0], "labels": []}


def counts(*bins: int, under=0, over=0, other=0, missing=0) -> dict:
    return {"counts": list(bins), "under": under, "over": over, "other": other, "missing": missing}


def test_values_beyond_the_bins_have_bars_of_their_own():
    chart = distribution(
        "x", NUMBERS, reference=counts(5, 5), current=counts(4, 4, under=1, over=1)
    )
    assert "-∞ to 0" in chart and "2 to ∞" in chart
    inside = distribution("x", NUMBERS, reference=counts(5, 5), current=counts(4, 6))
    assert "∞" not in inside


def test_new_labels_are_bars_with_their_names():
    chart = distribution(
        "town",
        LABELS,
        reference=counts(5, 5, missing=1),
        current=counts(4, 3, other=3),
        unseen=[{"label": "c<b>", "count": 2}],
        large=True,
    )
    for said in ("c&lt;b&gt;", "other values", "no value"):
        assert said in chart, said
    assert "20 % (2)" in chart and "10 % (1)" in chart


def test_a_column_without_any_bin_is_a_bar_of_other_and_of_missing_values():
    nothing = {"kind": "empty", "edges": [], "labels": []}
    chart = distribution("x", nothing, reference=counts(missing=3), current=counts(other=2))
    assert "no value" in chart and "other values" in chart


def test_dates_are_drawn_in_days_from_the_first():
    chart = distribution("day", DATES, reference=counts(3), large=True)
    assert "in days from 2026-01-01 00:00:00 UTC" in chart and "0 to 1" in chart
    assert unit(DATES) == "days from 2026-01-01 00:00:00 UTC"
    assert (unit(NUMBERS), unit({**NUMBERS, "kind": "text"})) == ("", "characters")


def test_what_lies_beside_the_line_is_said_in_words():
    assert beside_bins(NUMBERS, counts(1, missing=2, other=3)) == [
        ("no value", 2),
        ("not of this kind", 3),
    ]
    assert beside_bins(NUMBERS, counts(1)) == []


def a_comparison(what: str, percent: float | None, *, exceeded: bool = False) -> dict:
    return {"what": what, "percent_of_threshold": percent, "exceeded": exceeded}


def test_the_worst_comparison_is_the_one_farthest_beyond_its_threshold():
    mild, bad = a_comparison("mean", 40.0), a_comparison("std", 300.0, exceeded=True)
    constant = a_comparison("mean", None, exceeded=True)
    unknown = a_comparison("q25", None)
    assert worst_of([mild, bad, unknown]) == bad
    assert worst_of([mild, bad, constant]) == constant
    assert worst_of([unknown, mild]) == mild
    assert worst_of([unknown]) == unknown
    assert worst_of([]) is None


@pytest.mark.parametrize(
    ("name", "value", "kind", "wanted"),
    [
        ("mean", None, "float", "—"),
        ("mean", 1234.5, "float", "1,234"),
        ("missing", 0.125, "date", "12.5 %"),
        ("median", 12.0, "text", "12 characters"),
        ("min", 0.0, "date", "1970-01-01 00:00:00 UTC"),
        ("std", 129_600.0, "date", "1.5 days"),
        ("max", 1e300, "date", "1e+300"),
    ],
)
def test_figures_are_written_with_their_unit(name, value, kind, wanted):
    assert figure(name, value, kind=kind) == wanted


def test_chances_are_short():
    assert [chance(p) for p in (None, 0.0, 0.00009, 0.0123, 1.0)] == [
        "—",
        "< 0.0001",
        "< 0.0001",
        "0.012",
        "1",
    ]


def test_what_is_no_moment_stays_text():
    assert moment("soon") == "soon"
    assert moment("2026-01-01T00:00:00.000+00:00").year == 2026
