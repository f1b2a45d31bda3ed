"""Compare-and-set of a status."""

import threading

import pytest
from django.db import connection

from core.errors import ConflictError
from core.models import Job
from core.transitions import move, try_move
from tests.factories import a_job

pytestmark = pytest.mark.django_db


def test_a_row_in_the_named_state_moves_and_carries_the_new_values() -> None:
    row = move(a_job(), from_=Job.Status.QUEUED, to=Job.Status.RUNNING, owner="me")
    assert (row.status, row.owner) == ("running", "me")
    row.refresh_from_db()
    assert (row.status, row.owner) == ("running", "me")


def test_a_row_in_another_state_stays_and_the_message_names_both_states() -> None:
    row = a_job(status=Job.Status.SUCCEEDED)
    with pytest.raises(ConflictError, match=r"cannot become running: it is not queued any more"):
        move(row, from_=Job.Status.QUEUED, to=Job.Status.RUNNING, owner="me")
    row.refresh_from_db()
    assert (row.status, row.owner) == ("succeeded", "")


def test_what_the_row_in_hand_says_counts_for_nothing() -> None:
    """The database decides, not a copy that somebody read long ago."""
    row = a_job()
    Job.objects.filter(pk=row.pk).update(status=Job.Status.CANCELLED)
    assert not try_move(row, from_=Job.Status.QUEUED, to=Job.Status.RUNNING)
    assert row.status == "queued", "a loser's copy is left as it was"


def test_a_row_that_is_gone_does_not_move() -> None:
    row = a_job()
    Job.objects.all().delete()
    assert not try_move(row, from_=Job.OPEN, to=Job.Status.CANCELLED)


@pytest.mark.django_db(transaction=True)
def test_of_eight_threads_exactly_one_wins_each_move() -> None:
    rows = [a_job() for _ in range(10)]
    wins: list[str] = []
    start = threading.Barrier(8)

    def race(name: str) -> None:
        try:
            start.wait()
            for row in rows:
                mine = Job.objects.get(pk=row.pk)
                if try_move(mine, from_=Job.Status.QUEUED, to=Job.Status.RUNNING, owner=name):
                    wins.append(name)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=[f"t{number}"]) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(wins) == len(rows)
    owners = Job.objects.values_list("owner", flat=True)
    assert sorted(owners) == sorted(wins)
