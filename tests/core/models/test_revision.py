"""Counters that tell caches of changes."""

import threading

import pytest
from django.db import connection, transaction

from core.models import Revision

pytestmark = pytest.mark.django_db


def test_a_counter_that_never_rose_is_zero_and_each_change_raises_it() -> None:
    assert Revision.current("routes", "access") == (0, 0)
    Revision.bump("routes")
    Revision.bump("routes")
    Revision.bump("access")
    assert Revision.current("routes", "access") == (2, 1)
    assert Revision.current("access", "routes") == (1, 2), "in the order asked"


def test_a_change_that_is_rolled_back_raises_nothing() -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        Revision.bump("routes")
        raise ZeroDivisionError
    assert Revision.current("routes") == (0,)


@pytest.mark.django_db(transaction=True)
def test_changes_at_once_are_all_counted() -> None:
    start = threading.Barrier(4)

    def change() -> None:
        try:
            start.wait()
            for _ in range(5):
                Revision.bump("routes")
        finally:
            connection.close()

    threads = [threading.Thread(target=change) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Revision.current("routes") == (20,)


def test_several_counters_are_one_query(django_assert_num_queries: object) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        Revision.current("routes", "access", "registry")
