"""Times: moments in ISO 8601, and the periods over which a window's evolution is followed."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

MOST_BUCKETS = 400

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# 1970-01-01 was a Thursday: three days after the Monday that its week began with.
_DAYS_AFTER_MONDAY = 3


class Period(StrEnum):
    """The length of a bucket of time; all begin at UTC's full hour or midnight, weeks on Monday."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True, eq=False)
class Buckets:
    """The periods that hold rows: the start of each in ISO 8601, and per row which one (-1: none).

    `period` may be coarser than the one asked for: there are at most `MOST_BUCKETS`.
    """

    period: Period
    starts: tuple[str, ...]
    codes: NDArray[np.int64]

    @property
    def size(self) -> int:
        """The number of periods that hold rows."""
        return len(self.starts)


def iso_time(seconds: float | None) -> str | None:
    """Return seconds since 1970 in ISO 8601, UTC, to the millisecond.

    None outside of the years 1 to 9999, which ISO 8601 cannot spell.
    """
    if seconds is None:
        return None
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return moment.isoformat(timespec="milliseconds")


def bucket_times(seconds: NDArray[np.float64], period: Period) -> Buckets:
    """Sort rows into periods by their time in seconds since 1970; NaN belongs to none."""
    known = np.isfinite(seconds)
    stamps = np.floor(seconds[known]).astype("datetime64[s]")
    coarser = list(Period)[list(Period).index(period) :]
    for length in coarser:
        starts, inverse = np.unique(_start_of(stamps, length), return_inverse=True)
        if len(starts) <= MOST_BUCKETS or length is coarser[-1]:
            break
    codes = np.full(len(seconds), -1, dtype=np.int64)
    codes[known] = inverse
    return Buckets(length, tuple(iso_time(float(start)) or "" for start in starts), codes)


def _start_of(stamps: NDArray[np.datetime64], period: Period) -> NDArray[np.int64]:
    """Return the start of each moment's period, in seconds since 1970."""
    if period is Period.HOUR:
        starts = stamps.astype("datetime64[h]")
    elif period is Period.MONTH:
        starts = stamps.astype("datetime64[M]")
    else:
        starts = stamps.astype("datetime64[D]")
        if period is Period.WEEK:
            starts = starts - (starts.astype(np.int64) + _DAYS_AFTER_MONDAY) % 7
    return starts.astype("datetime64[s]").astype(np.int64)
