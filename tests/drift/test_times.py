"""Periods begin where pandas begins them, and times are spelled in ISO 8601."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.times import MOST_BUCKETS, Period, bucket_times, iso_time
from tests.drift.samples import quick

PANDAS_PERIODS = {"hour": "h", "day": "D", "week": "W-SUN", "month": "M"}


@pytest.mark.parametrize("period", Period)
@quick
@given(moments=st.lists(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), max_size=20))
def test_periods_begin_where_pandas_begins_them(period: Period, moments: list[datetime]) -> None:
    naive = pd.Series(moments, dtype="datetime64[us]")
    expected = naive.dt.to_period(PANDAS_PERIODS[period]).dt.start_time
    seconds = naive.astype("int64").to_numpy() / 1e6
    buckets = bucket_times(seconds, period)
    starts = [pd.Timestamp(start).tz_localize(None) for start in buckets.starts]
    assert [starts[code] for code in buckets.codes] == expected.tolist()
    assert starts == sorted(set(expected))


def test_rows_without_a_time_are_in_no_period() -> None:
    buckets = bucket_times(np.array([np.nan, 0.0, np.nan]), Period.DAY)
    assert buckets.codes.tolist() == [-1, 0, -1]
    assert buckets.starts == ("1970-01-01T00:00:00.000+00:00",)


def test_no_rows_make_no_periods() -> None:
    assert bucket_times(np.zeros(0), Period.WEEK).size == 0


def test_too_many_periods_become_coarser_ones() -> None:
    seconds = np.arange(MOST_BUCKETS + 1) * 3600.0
    assert bucket_times(seconds[:-1], Period.HOUR).period is Period.HOUR
    buckets = bucket_times(seconds, Period.HOUR)
    assert buckets.period is Period.DAY
    assert buckets.size == -(-len(seconds) // 24)


def test_months_are_never_too_many() -> None:
    seconds = np.arange(MOST_BUCKETS + 1) * 32 * 86_400.0
    assert bucket_times(seconds, Period.HOUR).size == MOST_BUCKETS + 1


@quick
@given(st.datetimes(timezones=st.just(UTC)))
def test_iso_times_are_right_to_the_millisecond(moment: datetime) -> None:
    text = iso_time((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    assert text is not None
    assert abs((datetime.fromisoformat(text) - moment).total_seconds()) <= 0.0011


@pytest.mark.parametrize("seconds", [None, 1e300, -1e12])
def test_times_iso_cannot_spell_are_unknown(seconds: float | None) -> None:
    assert iso_time(seconds) is None
