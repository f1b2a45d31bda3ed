"""What monitoring stores does not grow without end."""

import os
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from monitoring.models import Alarm, Check
from monitoring.places import bundles, labelled_data
from monitoring.services import tidy_up
from tests import factories
from tests.monitoring import world

pytestmark = pytest.mark.django_db

NOON = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def wine(db):
    return world.a_watched_deployment()


def a_check(deployment, *, days: float, window: str = "week") -> Check:
    version = factories.a_version(model="wine")
    return Check.objects.create(
        deployment=deployment,
        version=version,
        window=window,
        end=timezone.now(),
        created=NOON - timedelta(days=days),
        status="steady",
        method="test",
    )


def test_of_old_checks_the_newest_of_each_day_and_window_stays(wine):
    beer = world.a_watched_deployment(name="beer")
    kept = [
        a_check(wine, days=1.1),
        a_check(wine, days=1.0),
        a_check(wine, days=20.0),
        a_check(wine, days=21.0),
        a_check(wine, days=20.1, window="day"),
        a_check(beer, days=20.1),
    ]
    gone = [a_check(wine, days=20.2), a_check(wine, days=20.1)]
    # The newest of a day is the one that was written last.
    kept[2].delete()
    kept[2] = a_check(wine, days=20.0)
    assert tidy_up() == (len(gone), 0)
    assert set(Check.objects.all()) == set(kept)


def test_a_check_that_an_alarm_shows_stays(wine):
    shown, _ = a_check(wine, days=20.1), a_check(wine, days=20.0)
    Alarm.objects.create(deployment=wine, cause="drift", title="x", newest_check=shown)
    assert tidy_up() == (0, 0)


def test_files_that_nobody_fetched_for_a_day_go(db):
    old, new = bundles() / "check-1.zip", labelled_data() / "new.json"
    for path in (old, new):
        path.write_bytes(b"")
    yesterday = time.time() - 90_000
    os.utime(old, (yesterday, yesterday))
    assert tidy_up() == (0, 1)
    assert not old.exists() and new.exists()
    new.unlink()
