"""Failpoints do nothing unless one is armed."""

import pytest

from gateway.log.failpoints import POINTS, _parse, failpoint


def test_without_the_variable_nothing_happens() -> None:
    for name in POINTS:
        failpoint(name)


def test_a_point_and_its_turn_are_read_from_the_variable() -> None:
    assert _parse("log.after_sync") == ("log.after_sync", 1)
    assert _parse("log.after_sync:12") == ("log.after_sync", 12)


@pytest.mark.parametrize("text", ["log.after_sync:0", "log.after_sync:x", "log.after_sync:-1"])
def test_a_turn_that_cannot_come_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="name:n with n from 1"):
        _parse(text)
