"""Columns: what kind of values a pandas series holds, and its values in the form statistics need.

Nothing is refused. A value that cannot be read as the kind asked for (the text "n/a" where the
baseline has numbers) is marked as unreadable, so that a report can count it and go on.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drift.labels import label_of, ordered, text_of, truth_spelling

ALWAYS_CATEGORY = 10
MOST_CATEGORIES = 200
ROWS_PER_CATEGORY = 5
TICKS_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

_SECOND = np.timedelta64(1, "s")
_ISO_DATE = re.compile(
    r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})?)?"
)
_TRUTH_WORDS = {"true": 1, "false": 0, "1": 1, "0": 0}


class ColumnKind(StrEnum):
    """What a column holds; decided on the baseline and kept for every window."""

    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    CATEGORY = "category"
    TEXT = "text"
    DATE = "date"
    EMPTY = "empty"

    @property
    def is_number(self) -> bool:
        """Whether the values themselves are numbers (what correlation and clusters use)."""
        return self in (ColumnKind.INTEGER, ColumnKind.FLOAT)

    @property
    def is_ordered(self) -> bool:
        """Whether the column is described by numbers: values, lengths of text, epoch seconds."""
        return self.is_number or self in (ColumnKind.TEXT, ColumnKind.DATE)


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """The values of one column, each array with one entry per row.

    `numbers` are the values, the lengths of text in characters or the seconds since 1970 of dates
    (NaN: missing, or the kind has labels); `codes` are positions in `labels`, for text merely
    equal for equal texts (-1: missing, or the kind has no labels). `unreadable` marks the values
    that are there but not of this kind.
    """

    kind: ColumnKind
    numbers: NDArray[np.float64]
    codes: NDArray[np.int64]
    labels: tuple[str, ...]
    unreadable: NDArray[np.bool_]

    @property
    def rows(self) -> int:
        """The number of rows, missing ones included."""
        return len(self.unreadable)

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which rows hold a value of this kind."""
        readable: NDArray[np.bool_] = (
            ~np.isnan(self.numbers) if self.kind.is_ordered else self.codes >= 0
        )
        return readable

    def take(self, rows: NDArray[np.bool_]) -> "Column":
        """Return the column of the marked rows alone."""
        return Column(
            self.kind, self.numbers[rows], self.codes[rows], self.labels, self.unreadable[rows]
        )

    def spelled_like(self, labels: Collection[str]) -> "Column":
        """Return the column with True and False spelled 1 and 0, or back, if `labels` are so."""
        rename = truth_spelling(self.labels, like=labels)
        return replace(self, labels=tuple(rename.get(label, label) for label in self.labels))


def infer_kind(series: pd.Series) -> ColumnKind:
    """Tell the kind of a series from its values; the storage type does not matter.

    Whole numbers are integers however they are stored (a missing value makes pandas turn them
    into floats). Text is a category when its values repeat: at most `ALWAYS_CATEGORY` different
    ones, or at most `MOST_CATEGORIES` with `ROWS_PER_CATEGORY` rows each on average.
    """
    present = series[series.notna()]
    if present.empty:
        return ColumnKind.EMPTY
    dtype = present.dtype
    if pd.api.types.is_bool_dtype(dtype):
        return ColumnKind.BOOLEAN
    if _is_stored_as_number(present):
        return _number_kind(present)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return ColumnKind.DATE
    return _object_kind(present)


def read_column(series: pd.Series, kind: ColumnKind | None = None) -> Column:
    """Read a series as `kind`, inferred when not given; never raises for a value."""
    kind = kind or infer_kind(series)
    rows = len(series)
    numbers = np.broadcast_to(np.float64("nan"), rows)
    codes = np.broadcast_to(np.int64(-1), rows)
    labels: tuple[str, ...] = ()
    if kind.is_number:
        numbers = _numbers(series)
    elif kind is ColumnKind.DATE:
        numbers = _epoch_seconds(series)
    elif kind is ColumnKind.TEXT:
        numbers, codes = _lengths(series)
    elif kind is ColumnKind.BOOLEAN:
        codes, labels = _truth_codes(series), ("False", "True")
    else:
        codes, labels = _label_codes(series)
    readable = ~np.isnan(numbers) if kind.is_ordered else codes >= 0
    unreadable = series.notna().to_numpy(dtype=bool) & ~readable
    return Column(kind, numbers, codes, labels, unreadable)


def absent_column(kind: ColumnKind, rows: int) -> Column:
    """Return a column of missing values: what a window without this column is read as."""
    return read_column(pd.Series([None] * rows, dtype=object), kind)


def _is_stored_as_number(series: pd.Series) -> bool:
    dtype = series.dtype
    if pd.api.types.is_timedelta64_dtype(dtype):
        return True
    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)


def _number_kind(present: pd.Series) -> ColumnKind:
    numbers = _numbers(present)
    finite = numbers[np.isfinite(numbers)]
    whole = finite.size > 0 and bool(np.all(finite == np.trunc(finite)))
    return ColumnKind.INTEGER if whole else ColumnKind.FLOAT


def _object_kind(present: pd.Series) -> ColumnKind:
    values = present.astype(object)
    types = {type(value) for value in values}
    if all(issubclass(kind, bool | np.bool_) for kind in types):
        return ColumnKind.BOOLEAN
    if all(issubclass(kind, Real | Decimal | timedelta | np.bool_) for kind in types):
        return _number_kind(values)
    if all(issubclass(kind, date | np.datetime64) for kind in types):
        return ColumnKind.DATE
    if types == {str} and not np.isnan(_epoch_seconds(values)).any():
        return ColumnKind.DATE
    distinct = len({label_of(value) for value in values})
    few = distinct <= min(MOST_CATEGORIES, len(values) / ROWS_PER_CATEGORY)
    return ColumnKind.CATEGORY if few or distinct <= ALWAYS_CATEGORY else ColumnKind.TEXT


def _numbers(series: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_timedelta64_dtype(series.dtype):
        series = series.dt.total_seconds()
    if _is_stored_as_number(series):
        return np.asarray(series.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.array([_number(value) for value in series], dtype=np.float64)


def _number(value: object) -> float:
    """Return the value as a float; NaN for what is no number, infinity for what is too large."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, np.timedelta64):
        return float(value.astype("timedelta64[us]") / _SECOND)
    if not isinstance(value, Real | Decimal | str | np.bool_):
        return float("nan")
    try:
        return float(value)
    except OverflowError:
        return float("-inf") if isinstance(value, int | Fraction) and value < 0 else float("inf")
    except ValueError:
        return float("nan")


def _epoch_seconds(series: pd.Series) -> NDArray[np.float64]:
    """Return seconds since 1970-01-01 UTC; a time without zone is taken as UTC."""
    if not pd.api.types.is_datetime64_any_dtype(series.dtype):
        dates = [value if _is_date(value) else None for value in series.astype(object)]
        series = pd.Series(dates, dtype=object)
    times = pd.to_datetime(series, utc=True, errors="coerce", format="ISO8601")
    stamps = times.dt.tz_localize(None).to_numpy()
    unit, _ = np.datetime_data(stamps.dtype)
    return np.where(np.isnat(stamps), np.nan, stamps.astype(np.int64) / TICKS_PER_SECOND[unit])


def _is_date(value: object) -> bool:
    if isinstance(value, str):
        return _ISO_DATE.fullmatch(value) is not None
    return isinstance(value, date | np.datetime64)


def _lengths(series: pd.Series) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    absent = series.isna().to_numpy(dtype=bool)
    texts = ["" if gone else text_of(value) for value, gone in zip(series, absent, strict=True)]
    lengths = np.array([len(text) for text in texts], dtype=np.float64)
    codes, _ = pd.factorize(np.array(texts, dtype=object))
    return np.where(absent, np.nan, lengths), np.where(absent, -1, codes)


def _truth_codes(series: pd.Series) -> NDArray[np.int64]:
    codes, labels = _label_codes(series)
    truth = np.array([_TRUTH_WORDS.get(label.casefold(), -1) for label in labels] + [-1])
    return truth[codes].astype(np.int64)


def _is_hashed_by_value(series: pd.Series) -> bool:
    """Whether factorize keeps different values apart: objects may be lists, or True beside 1."""
    dtype = series.dtype
    if isinstance(dtype, pd.StringDtype | pd.CategoricalDtype):
        return True
    return pd.api.types.is_numeric_dtype(dtype) or pd.api.types.is_bool_dtype(dtype)


def _label_codes(series: pd.Series) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Return per row the position of its label (-1: missing), and the labels in their order."""
    if not _is_hashed_by_value(series):
        series = series.astype(object).map(label_of, na_action="ignore")
    positions, values = pd.factorize(series)
    spelled = [label_of(value) for value in values]
    labels = ordered(spelled)
    place = {label: position for position, label in enumerate(labels)}
    renumber = np.array([place[label] for label in spelled] + [-1], dtype=np.int64)
    return renumber[positions], labels
