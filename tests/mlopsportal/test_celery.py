"""A worker that is told to stop: at once when it is idle, after its job when it is not."""

import pytest
from celery.exceptions import WorkerShutdown
from celery.signals import worker_shutting_down
from celery.worker import state


def _told_to_stop() -> None:
    worker_shutting_down.send(sender="worker1@here", sig="SIGTERM", how="Warm", exitcode=0)


def test_an_idle_worker_ends_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "active_requests", set())
    with pytest.raises(WorkerShutdown):
        _told_to_stop()


def test_a_worker_with_a_job_is_left_to_end_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "active_requests", {"a job"})
    _told_to_stop()
