"""How numbers, sizes and times are written for people."""

import math
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import formats

NOW = datetime(2026, 11, 23, 21, 42, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0, "0"),
        (12345, "12,345"),
        (10**18, "1,000,000,000,000,000,000"),
        (3.0, "3"),
        (0.69123, "0.6912"),
        (0.5, "0.5"),
        (1234.5, "1,234"),
        (1234567.8, "1,234,568"),
        (99999.7, "100,000"),
        (-0.25, "-0.25"),
        (1.23456e-7, "1.235e-07"),
        (1.5e300, "1.5e+300"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (math.nan, "—"),
        (None, "—"),
        (np.float64(0.25), "0.25"),
        (np.int64(4200), "4,200"),
    ],
)
def test_a_number_has_four_significant_digits(value: float | None, shown: str) -> None:
    assert formats.number(value) == shown


@given(st.floats(-1e300, 1e300))
def test_what_is_shown_of_a_number_is_within_half_of_its_last_digit(value: float) -> None:
    shown = float(formats.number(value).replace(",", ""))
    assert math.isclose(shown, value, rel_tol=5.1e-4)


@pytest.mark.parametrize(
    ("share", "shown"),
    [(0.123, "12.3 %"), (4.372, "437 %"), (0, "0 %"), (1, "100 %"), (None, "—"), (math.nan, "—")],
)
def test_a_share_is_shown_in_per_cent(share: float | None, shown: str) -> None:
    assert formats.percent(share) == shown


@pytest.mark.parametrize(
    ("octets", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (999_499, "999 kB"),
        (999_999, "1 MB"),
        (14_839_201, "14.8 MB"),
        (3 * 10**18, "3,000 PB"),
        (None, "—"),
    ],
)
def test_a_size_moves_to_the_next_unit_before_it_reads_1000(octets: int | None, shown: str) -> None:
    assert formats.size(octets) == shown


@pytest.mark.parametrize(
    ("span", "shown"),
    [
        (timedelta(microseconds=420), "0.42 ms"),
        (timedelta(milliseconds=850), "850 ms"),
        (timedelta(seconds=0.9999), "1 s"),
        (4.25, "4.2 s"),
        (timedelta(seconds=59.9), "1 min"),
        (timedelta(minutes=3, seconds=20), "3 min 20 s"),
        (timedelta(hours=2), "2 h"),
        (timedelta(days=3, hours=4, minutes=50), "3 d 4 h"),
        (timedelta(seconds=-3), "0 s"),
        (None, "—"),
    ],
)
def test_a_duration_names_its_two_largest_units(span: timedelta | float | None, shown: str) -> None:
    assert formats.duration(span) == shown


@pytest.mark.parametrize(
    ("before", "shown"),
    [
        (timedelta(seconds=1), "now"),
        (timedelta(seconds=42), "42 s ago"),
        (timedelta(minutes=59, seconds=59), "59 min ago"),
        (timedelta(hours=23), "23 h ago"),
        (timedelta(days=29), "29 d ago"),
        (timedelta(days=31), "2026-10-23"),
        (timedelta(minutes=-5), "in 5 min"),
    ],
)
def test_a_time_is_shown_by_its_distance_and_an_old_one_by_its_date(
    before: timedelta, shown: str
) -> None:
    assert formats.ago(NOW - before, now=NOW) == shown


def test_a_full_time_is_in_utc_whatever_its_zone() -> None:
    kathmandu = timezone(timedelta(hours=5, minutes=45))
    assert formats.at(NOW.astimezone(kathmandu)) == "2026-11-23 21:42:05 UTC"
    assert formats.at(None) == formats.ago(None) == "—"
