"""Every series has a kind and can be read as any other, without an exception."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.columns import ColumnKind, absent_column, infer_kind, read_column
from tests.drift.samples import a_column, odd_series, quick

KINDS = [
    ([1, 2, 3], "integer"),
    ([1.0, None, 3.0], "integer"),
    ([1, 2.5], "float"),
    ([Decimal("1.5"), Fraction(1, 3)], "float"),
    ([10**400, 1], "integer"),
    ([np.inf, np.nan], "float"),
    ([True, None, False], "boolean"),
    (["red", "green", None], "category"),
    ([f"name {n}" for n in range(40)], "text"),
    ([f"name {n % 40}" for n in range(200)], "category"),
    ([f"name {n % 40}" for n in range(199)], "text"),
    ([date(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC)], "date"),
    (["2024-01-01", "2024-01-01T10:00:00+02:00"], "date"),
    (["2024-01-01", "tomorrow"], "category"),
    ([timedelta(seconds=1.5)], "float"),
    ([None, np.nan, pd.NaT, pd.NA], "empty"),
    ([], "empty"),
    ([1, "a", [2], {"b": 1}], "category"),
    ([[1], [2, 3]], "category"),
    ([1 + 2j], "category"),
]


@pytest.mark.parametrize(("values", "kind"), KINDS, ids=[f"{v!s:.40}" for v, _ in KINDS])
def test_the_kind_follows_from_the_values(values: list[object], kind: str) -> None:
    assert infer_kind(pd.Series(values, dtype=object)) == kind


@pytest.mark.parametrize(
    ("series", "kind"),
    [
        (pd.Series([1, None], dtype="Int64"), "integer"),
        (pd.Series([True, None], dtype="boolean"), "boolean"),
        (pd.Series([1.5, None], dtype="float64[pyarrow]"), "float"),
        (pd.Series([Decimal("1.5")], dtype=pd.ArrowDtype(pa.decimal128(5, 2))), "float"),
        (pd.Series([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))), "category"),
        (pd.Series([date(2024, 1, 1)], dtype=pd.ArrowDtype(pa.date32())), "date"),
        (pd.Series(["a", "b"], dtype="category"), "category"),
        (pd.Series([1, 2], dtype="category"), "integer"),
        (pd.Series(pd.arrays.SparseArray([0, 1.5, np.nan])), "float"),
        (pd.Series(pd.period_range("2024-01", periods=3, freq="M")), "category"),
        (pd.Series(pd.date_range("2024", periods=3, tz="Europe/Berlin")), "date"),
        (pd.Series(pd.to_timedelta(["1s", None])), "integer"),
    ],
    ids=lambda value: str(getattr(value, "dtype", value)),
)
def test_the_storage_type_does_not_matter(series: pd.Series, kind: str) -> None:
    column = read_column(series)
    assert column.kind == kind
    assert column.present.tolist() == series.notna().tolist()
    assert not column.unreadable.any()


@quick
@given(odd_series(6), st.sampled_from(ColumnKind))
def test_any_series_can_be_read_as_any_kind(series: pd.Series, kind: ColumnKind) -> None:
    column = read_column(series, kind)
    assert column.rows == len(series)
    assert column.kind is kind
    present, missing = column.present, series.isna().to_numpy()
    assert ((present.astype(int) + column.unreadable + missing) == 1).all()


@quick
@given(odd_series(6))
def test_a_series_is_readable_as_its_own_kind(series: pd.Series) -> None:
    assert not read_column(series).unreadable.any()


def test_what_cannot_be_read_as_a_number_is_marked_and_not_guessed() -> None:
    column = a_column(["1.5", "n/a", None, "7", [1], True], ColumnKind.FLOAT)
    assert np.nan_to_num(column.numbers, nan=-1).tolist() == [1.5, -1, -1, 7, -1, 1]
    assert column.unreadable.tolist() == [False, True, False, False, True, False]


def test_numbers_too_large_for_a_float_are_infinite() -> None:
    assert a_column([10**400, -(10**5000)], ColumnKind.FLOAT).numbers.tolist() == [np.inf, -np.inf]


def test_dates_are_seconds_since_1970_in_utc_whatever_their_zone() -> None:
    moment = datetime(2024, 3, 31, 1, 30, tzinfo=timezone(timedelta(hours=1)))
    naive = moment.astimezone(UTC).replace(tzinfo=None)
    values = [moment, "2024-03-31T00:30:00Z", naive, 5]
    assert a_column(values).kind == "category"
    column = a_column(values, ColumnKind.DATE)
    assert column.numbers[:3].tolist() == [moment.timestamp()] * 3
    assert column.unreadable.tolist() == [False, False, False, True]


@quick
@given(st.datetimes(timezones=st.just(UTC)))
def test_epoch_seconds_agree_with_the_standard_library(moment: datetime) -> None:
    expected = (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()
    assert a_column([moment]).numbers[0] == pytest.approx(expected, abs=1e-4)


def test_text_is_measured_by_its_full_length() -> None:
    column = a_column(["", "ä" * 500, None, "ä" * 500], ColumnKind.TEXT)
    assert column.numbers[:2].tolist() == [0, 500]
    assert column.codes.tolist() == [0, 1, -1, 1]


def test_labels_are_one_for_equal_values_and_two_for_true_and_one() -> None:
    column = a_column([1, 1.0, "1", True, None, [1]], ColumnKind.CATEGORY)
    assert column.labels == ("1", "True", "[1]")
    assert column.codes.tolist() == [0, 0, 0, 1, -1, 2]


@pytest.mark.parametrize("values", [[1, 0, None], ["true", "FALSE", None], [1.0, 0.0, np.nan]])
def test_a_boolean_column_reads_the_usual_words_for_it(values: list[object]) -> None:
    assert a_column(values, ColumnKind.BOOLEAN).codes.tolist() == [1, 0, -1]


def test_a_boolean_column_marks_other_words() -> None:
    assert a_column(["yes", 2], ColumnKind.BOOLEAN).unreadable.tolist() == [True, True]


@pytest.mark.parametrize("kind", ColumnKind)
def test_an_absent_column_is_all_missing(kind: ColumnKind) -> None:
    column = absent_column(kind, 3)
    assert column.rows == 3
    assert not column.present.any()
    assert not column.unreadable.any()


def test_a_column_can_be_narrowed_to_some_rows() -> None:
    column = a_column(["a", None, "b"]).take(np.array([False, True, True]))
    assert column.codes.tolist() == [-1, 1]
    assert column.rows == 2
