"""What a message does: it runs its job, and rings for the one that has waited too long."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.tasks import run_job
from tests.core.jobs.conftest import Work, rings, work
from tests.factories import a_job

pytestmark = pytest.mark.django_db

__all__ = ["rings", "work"]


def test_a_worker_that_has_done_a_job_rings_for_the_one_that_waits_longest(
    work: Work, rings: list[str]
) -> None:
    long, longer = (
        a_job(kind="tests.work", due=timezone.now() - timedelta(minutes=n)) for n in (1, 2)
    )
    run_job(str(a_job(kind="tests.work").pk))
    assert len(work.runs) == 1
    assert rings == [str(longer.pk)]
    run_job(str(longer.pk))
    assert rings == [str(longer.pk), str(long.pk)]
