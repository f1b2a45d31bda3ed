"""Samples: small frames and strategies that the tests of statistics share."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from drift.columns import Column, ColumnKind, read_column

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

ANY_FLOAT = st.floats(allow_nan=True, allow_infinity=True)
# Squares of smaller ones vanish in pandas, which is the reference.
MODEST_FLOAT = st.floats(min_value=-1e9, max_value=1e9).map(lambda value: round(value, 6))


def a_column(values: object, kind: ColumnKind | None = None) -> Column:
    """Read a list as a column."""
    return read_column(pd.Series(values), kind)


def a_frame(rows: int = 200, *, seed: int = 7, shift: float = 0.0) -> pd.DataFrame:
    """Return a frame with a column of every usual kind, and a class `y` that depends on two."""
    random = np.random.default_rng(seed)
    width = random.normal(10 + shift, 2, rows)
    height = random.normal(0, 1, rows)
    return pd.DataFrame(
        {
            "width": width,
            "height": np.where(random.random(rows) < 0.1, np.nan, height),
            "rooms": random.integers(1, 6, rows),
            "is_new": random.random(rows) < 0.3,
            "town": random.choice(["Bern", "Chur", "Genf"], rows, p=[0.5, 0.3, 0.2]),
            "remark": [f"row {n} " * int(n) for n in random.integers(0, 9, rows)],
            "built": pd.Timestamp("2020-01-01") + pd.to_timedelta(random.random(rows) * 900, "D"),
            "same": 5.0,
            "y": np.where(width + height > 10 + shift, "yes", "no"),
        }
    )


INPUTS = ["width", "height", "rooms", "is_new", "town", "remark", "built", "same"]


def some_times(rows: int, *, every: str = "1h", start: str = "2025-03-28") -> pd.Series:
    """Return aware times at equal steps."""
    return pd.Series(pd.date_range(start, periods=rows, freq=every, tz="UTC"))


_SCALARS = {
    "integers": st.integers(-(2**70), 2**70),
    "floats": ANY_FLOAT,
    "booleans": st.booleans(),
    "text": st.text(max_size=8),
    "categories": st.sampled_from(["red", "green", "Blue"]),
    "dates": st.datetimes(timezones=st.sampled_from([None, UTC])) | st.dates(),
    "date texts": st.dates().map(date.isoformat) | st.datetimes().map(datetime.isoformat),
    "infinities": st.sampled_from([np.inf, -np.inf, 1.5]),
    "durations": st.timedeltas(),
    "lists": st.lists(st.integers(0, 3), max_size=2),
}
_SCALARS["mixed types"] = st.one_of(*_SCALARS.values(), st.binary(max_size=2), st.none())
KINDS_OF_VALUES = (*_SCALARS, "constant", "all missing")


@st.composite
def odd_series(draw: st.DrawFn, rows: int) -> pd.Series:
    """Draw a series of one of the odd kinds, with gaps, as objects or in pandas' own type."""
    name = draw(st.sampled_from(KINDS_OF_VALUES))
    if name == "all missing":
        return pd.Series([draw(st.sampled_from([None, np.nan, pd.NaT]))] * rows, dtype=object)
    if name == "constant":
        value = draw(st.one_of(*_SCALARS.values()))
        return pd.Series([value] * rows, dtype=object)
    values = draw(st.lists(_SCALARS[name], min_size=rows, max_size=rows))
    gaps = draw(st.sets(st.integers(0, rows - 1), max_size=2)) if rows else set()
    values = [None if row in gaps else value for row, value in enumerate(values)]
    series = pd.Series(values, dtype=object)
    return series.infer_objects() if draw(st.booleans()) else series


@st.composite
def odd_frames(draw: st.DrawFn, *, columns: int = 3, most_rows: int = 12) -> pd.DataFrame:
    """Draw a frame of odd columns named a, b, c …"""
    rows = draw(st.integers(0, most_rows))
    return pd.DataFrame({"abcdefgh"[at]: draw(odd_series(rows)) for at in range(columns)})
