"""Windows and from-to, in any time zone, across changes of the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core import timerange
from core.errors import InvalidError
from core.timerange import TimeRange, named, parse

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
moments = st.datetimes(datetime(1980, 1, 1), datetime(2037, 12, 31), timezones=st.just(UTC))


@settings(max_examples=300, deadline=None)
@given(zone=st.sampled_from(ZONES), moment=moments)
def test_a_moment_is_the_same_however_it_is_written(zone: str, moment: datetime) -> None:
    """With its offset, in UTC with Z, or as local time with the zone beside it."""
    local = moment.astimezone(ZoneInfo(zone))
    written = [
        {"from": local.isoformat()},
        {"from": moment.isoformat().replace("+00:00", "Z")},
        # A plus that nobody encoded arrives as a blank.
        {"from": local.isoformat().replace("+", " ")},
    ]
    if not local.fold:  # the second of two equal local times can only be told by its offset
        written.append({"from": local.replace(tzinfo=None).isoformat(), "tz": zone})
    assert {parse(params).start for params in written} == {moment}


@settings(max_examples=200, deadline=None)
@given(zone=st.sampled_from(ZONES), day=st.dates(date(1980, 1, 1), date(2037, 12, 30)))
def test_days_follow_each_other_without_gap_or_overlap(zone: str, day: date) -> None:
    """A day is from its midnight to the next; on days of change it has 23, 23.5, 25 … hours."""
    following = day + timedelta(days=1)
    one = parse({"from": f"{day}", "to": f"{following}", "tz": zone})
    assert one.start is not None
    assert one.end is not None
    # The independent source: the zone's own midnight, reckoned by way of its UTC offset.
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
    offset = midnight.utcoffset()
    assert offset is not None
    assert one.start == datetime(day.year, day.month, day.day, tzinfo=UTC) - offset
    assert one.end == parse({"from": f"{following}", "tz": zone}).start


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("America/New_York", "2026-11-01", 25),
        ("Australia/Lord_Howe", "2026-10-04", 23.5),
        ("UTC", "2026-03-29", 24),
    ],
)
def test_days_of_change_have_their_own_length(zone: str, day: str, hours: float) -> None:
    next_day = (datetime.fromisoformat(day) + timedelta(days=1)).date().isoformat()
    span = parse({"from": day, "to": next_day, "tz": zone})
    assert span.end is not None
    assert span.start is not None
    assert span.end - span.start == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("name", "length"), [("day", 1), ("week", 7), ("month", 30), ("year", 365)]
)
def test_a_window_ends_now_and_has_its_length(name: str, length: int) -> None:
    assert named(name, now=NOW) == TimeRange(NOW - timedelta(days=length), None, name)


def test_ever_has_no_beginning_and_nothing_asked_is_the_default() -> None:
    assert parse({}) == TimeRange(None, None, "ever")
    assert parse({}, default="week").name == "week"
    assert parse({"window": "", "from": ""}, default="week").name == "week"


@pytest.mark.parametrize(
    ("params", "label"),
    [
        ({"window": "week"}, "last week"),
        ({"window": "ever"}, "ever"),
        ({"from": "2026-01-02T03:04:00Z"}, "2026-01-02 03:04 to now UTC"),
        ({"to": "2026-01-02"}, "the beginning to 2026-01-02 00:00 UTC"),
    ],
)
def test_a_range_is_written_for_people(params: dict[str, str], label: str) -> None:
    assert parse(params).label == label


@pytest.mark.parametrize(
    ("params", "field", "words"),
    [
        ({"window": "decade"}, "window", "There is no window 'decade'"),
        ({"window": "week", "from": "2026-01-01"}, "window", "either window, or from and to"),
        ({"from": "yesterday"}, "from", "from is 'yesterday'"),
        ({"to": "2026-13-01"}, "to", "to is '2026-13-01'"),
        ({"from": "2026-02-30"}, "from", "from is '2026-02-30'"),
        ({"from": "2026-01-02", "to": "2026-01-01"}, "from", "is not before"),
        ({"from": "2026-01-02", "to": "2026-01-02"}, "from", "is not before"),
        ({"from": "2026-01-02", "tz": "Mars/Olympus"}, "tz", "tz is 'Mars/Olympus'"),
        ({"from": "2026-01-02", "tz": "../../etc/passwd"}, "tz", "no time zone"),
        ({"from": "2026-01-02", "tz": "America"}, "tz", "no time zone"),
        ({"from": "2026-01-02", "tz": "a\x00b"}, "tz", "no time zone"),
        ({"from": "0001-01-01T00:00:00+14:00"}, "from", "out of reach"),
        ({"to": "9999-12-31T23:59:59-12:00"}, "to", "out of reach"),
        ({"from": "0001-01-01", "tz": "Asia/Kathmandu"}, "from", "out of reach"),
    ],
)
def test_what_cannot_be_read_is_named(params: dict[str, str], field: str, words: str) -> None:
    with pytest.raises(InvalidError, match=words.replace("(", r"\(")) as caught:
        parse(params)
    assert list(caught.value.fields) == [field]


def test_every_window_is_offered_in_the_message() -> None:
    with pytest.raises(InvalidError) as caught:
        named("decade")
    assert all(window in caught.value.hint for window in timerange.WINDOWS)
