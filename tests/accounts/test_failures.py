"""Which failed log-ins are worth an audit entry."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import failures
from accounts.failures import FailureCount

HERE = "192.0.2.7"


def test_powers_of_two_are_told() -> None:
    count = FailureCount()
    told = [count.add("user:vera", HERE) for _ in range(40)]
    assert [number for number in told if number] == [1, 2, 4, 8, 16, 32]
    assert [told.index(number) + 1 for number in (1, 2, 4, 8, 16, 32)] == [1, 2, 4, 8, 16, 32]


def test_accounts_and_addresses_are_counted_apart() -> None:
    count = FailureCount()
    pairs = [("user:vera", HERE), ("user:olga", HERE), ("user:vera", "192.0.2.8")]
    assert [count.add(*pair) for pair in pairs] == [1, 1, 1]
    assert [count.add(*pair) for pair in pairs] == [2, 2, 2]
    assert [count.add(*pair) for pair in pairs] == [None, None, None]


def test_every_hour_begins_anew() -> None:
    count = FailureCount()
    now = timezone.now()
    for _ in range(3):
        count.add("user:vera", HERE, now=now)
    assert count.add("user:vera", HERE, now=now + timedelta(minutes=59)) == 4
    assert count.add("user:vera", HERE, now=now + timedelta(minutes=61)) == 1


def test_a_clock_that_is_set_back_does_not_stop_the_telling() -> None:
    count = FailureCount()
    now = timezone.now()
    count.add("user:vera", HERE, now=now)
    assert count.add("user:vera", HERE, now=now - timedelta(days=2)) == 1


def test_an_hour_has_a_most_of_entries(caplog: pytest.LogCaptureFixture) -> None:
    count = FailureCount()
    told = [count.add("an unknown name", f"10.0.{n // 256}.{n % 256}") for n in range(300)]
    assert told == [1] * failures._MOST_ENTRIES + [None] * (300 - failures._MOST_ENTRIES)
    assert len(caplog.records) == 1


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "_MOST_COUNTED", 5)
    count = FailureCount()
    for number in range(50):
        count.add("an unknown name", str(number))
    assert len(count._counts) == 5
