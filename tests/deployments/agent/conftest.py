"""A runtime without processes, and a clock that the test moves."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.utils import timezone

from deployments.agent import watch
from deployments.runtimes import Runtime
from tests.deployments.agent.fake_runtime import FakeRuntime


class Clock:
    """The time that the watch sees."""

    def __init__(self) -> None:
        self.now = timezone.now()

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **span: float) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Return the clock of the watch, which stands still unless it is moved."""
    moved = Clock()
    monkeypatch.setattr(watch, "timezone", SimpleNamespace(now=moved))
    yield moved


@pytest.fixture
def runtime(tmp_path: Path) -> FakeRuntime:
    """Return a runtime without processes."""
    fake = FakeRuntime(tmp_path)
    protocol: Runtime = fake  # the stand-in is checked to be one
    assert protocol is fake
    return fake
