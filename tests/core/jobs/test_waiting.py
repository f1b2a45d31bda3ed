"""Waiting for a job holds few threads, however many ask."""

import pytest

from core.jobs import wait_for, waiting
from core.models import Job
from tests.factories import a_job

pytestmark = pytest.mark.django_db


def test_beyond_the_most_that_wait_the_job_comes_back_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = a_job(status=Job.Status.QUEUED)
    depths: list[int] = []

    def others_ask(_: float) -> None:
        depths.append(len(depths) + 1)
        wait_for(Job.objects.get(), seconds=60)
        Job.objects.update(status=Job.Status.SUCCEEDED)

    monkeypatch.setattr(waiting.time, "sleep", others_ask)
    for _ in range(2):
        Job.objects.update(status=Job.Status.QUEUED)
        depths.clear()
        row.refresh_from_db()
        assert wait_for(row, seconds=60).status == Job.Status.SUCCEEDED
        assert len(depths) == waiting.MOST_WAITING, "places are given back"


def test_no_wait_is_no_look() -> None:
    row = a_job(status=Job.Status.QUEUED)
    Job.objects.update(status=Job.Status.SUCCEEDED)
    assert wait_for(row, seconds=0).status == Job.Status.QUEUED
