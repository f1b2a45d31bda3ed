"""Kinds of jobs that exist in tests only."""

from collections.abc import Iterator
from typing import Any

import pytest

from core.jobs import JobRun, kinds
from core.jobs.kinds import job


class Work:
    """What the handlers of `tests.work` are told to do, and what they have done."""

    def __init__(self) -> None:
        self.result: Any = {"done": True}
        self.errors: list[BaseException] = []
        self.runs: list[JobRun] = []

    def __call__(self, run: JobRun) -> Any:
        self.runs.append(run)
        run.log(f"Attempt {run.job.attempts}.")
        if self.errors:
            raise self.errors.pop(0)
        return self.result


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Work]:
    """Return the handler of jobs of kind `tests.work`, tried three times at most."""
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    handler = Work()
    job("tests.work", title="Work of tests", max_attempts=3)(handler)
    yield handler


@pytest.fixture
def rings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of the jobs that the broker was told of."""
    told: list[str] = []

    def send_task(name: str, args: list[str], **options: Any) -> None:
        assert name == "core.run_job"
        told.append(args[0])

    monkeypatch.setattr("core.jobs.queue.current_app.send_task", send_task)
    return told
