"""Alarms: one per cause, opened and resolved by checks, acknowledged and resolved by people."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from core.errors import ConflictError
from core.models import AuditEntry
from monitoring import selectors, services
from monitoring.models import Alarm, Check
from monitoring.services.alarms import follow_check
from tests import factories
from tests.monitoring import world

pytestmark = pytest.mark.django_db

DRIFT = {"drift": "3 of 11 columns changed"}


def a_check(deployment, *, window="week", **fields) -> Check:
    version = factories.a_version(model=deployment.model_name)
    values = {"status": "drifting", "headline": "changed", "method": "test", **fields}
    return Check.objects.create(
        deployment=deployment, version=version, window=window, end=timezone.now(), **values
    )


def drifts(deployment, **fields) -> Alarm:
    [alarm] = follow_check(a_check(deployment, **fields), firing=DRIFT, quiet=[])
    return alarm


def is_quiet(deployment) -> None:
    follow_check(a_check(deployment, status="steady"), firing={}, quiet=["drift"])


@pytest.fixture
def wine(db):
    return world.a_watched_deployment()


def test_the_first_drifting_check_opens_an_alarm(wine):
    alarm = drifts(wine)
    assert (alarm.status, alarm.cause, alarm.times_seen) == ("open", "drift", 1)
    assert alarm.title == "3 of 11 columns changed"
    assert alarm.opened == alarm.last_seen == alarm.newest_check.created
    assert list(selectors.checks_of_alarm(alarm)) == [alarm.newest_check]


def test_later_checks_repeat_it_and_bring_it_up_to_date(wine):
    first = drifts(wine)
    check = a_check(wine)
    follow_check(check, firing={"drift": "5 of 11 columns changed"}, quiet=[])
    again = Alarm.objects.get()
    assert (again.pk, again.times_seen, again.title) == (first.pk, 2, "5 of 11 columns changed")
    assert (again.newest_check, again.last_seen) == (check, check.created)
    assert again.opened == first.opened


def test_a_quiet_check_resolves_it_without_anybody(wine):
    drifts(wine)
    is_quiet(wine)
    alarm = Alarm.objects.get()
    assert (alarm.status, alarm.resolved_by) == ("resolved", None)
    assert alarm.resolved is not None


def test_a_cause_that_could_not_be_judged_stays_as_it_was(wine):
    follow_check(a_check(wine), firing={"metrics": "accuracy fell"}, quiet=["drift"])
    follow_check(a_check(wine), firing={}, quiet=["drift"])
    assert Alarm.objects.get().status == "open"


def test_each_cause_has_an_alarm_of_its_own(wine):
    follow_check(a_check(wine), firing={**DRIFT, "metrics": "accuracy fell"}, quiet=[])
    assert set(Alarm.objects.values_list("cause", flat=True)) == {"drift", "metrics"}


def test_a_resolved_alarm_that_comes_back_soon_has_returned(wine, olga):
    services.acknowledge(alarm=drifts(wine), actor=olga)
    is_quiet(wine)
    alarm = drifts(wine)
    assert (alarm.status, alarm.times_seen, alarm.acknowledged_by) == ("returned", 2, None)
    assert alarm.returned is not None and not alarm.is_attended


def test_a_cause_that_comes_back_much_later_is_a_new_alarm(wine):
    old = drifts(wine)
    is_quiet(wine)
    Alarm.objects.filter(pk=old.pk).update(resolved=timezone.now() - timedelta(days=31))
    new = drifts(wine)
    assert new.pk != old.pk and new.status == "open"
    old.refresh_from_db()
    assert old.status == "resolved"


def test_an_acknowledged_alarm_stays_acknowledged_while_it_goes_on(wine, olga):
    services.acknowledge(alarm=drifts(wine), actor=olga)
    alarm = drifts(wine)
    assert (alarm.status, alarm.times_seen, alarm.acknowledged_by) == ("acknowledged", 2, olga)


@pytest.mark.parametrize("window", ["day", "month", "ever", ""])
def test_checks_of_other_windows_move_no_alarm(wine, window):
    assert follow_check(a_check(wine, window=window), firing=DRIFT, quiet=[]) == []
    assert not Alarm.objects.exists()


def test_people_acknowledge_and_resolve_and_it_is_written_down(wine, olga, vera):
    alarm = services.acknowledge(alarm=drifts(wine), actor=olga)
    assert (alarm.status, alarm.acknowledged_by) == ("acknowledged", olga)
    alarm = services.resolve(alarm=alarm, actor=vera)
    assert (alarm.status, alarm.resolved_by) == ("resolved", vera)
    entries = AuditEntry.objects.filter(object="deployment:wine").order_by("pk")
    assert [(e.who, e.action, e.after["status"]) for e in entries] == [
        ("olga", "acknowledged alarm", "acknowledged"),
        ("vera", "resolved alarm", "resolved"),
    ]
    assert entries[0].before == {"status": "open"}


def test_who_comes_second_is_told_so(wine, olga, vera):
    drifts(wine)
    one, other = Alarm.objects.get(), Alarm.objects.get()
    services.resolve(alarm=one, actor=olga)
    with pytest.raises(ConflictError):
        services.acknowledge(alarm=other, actor=vera)
    with pytest.raises(ConflictError):
        services.resolve(alarm=other, actor=vera)


def test_the_database_allows_one_unresolved_alarm_per_cause(wine):
    drifts(wine)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alarm.objects.create(deployment=wine, cause="drift", title="x", status="returned")
    Alarm.objects.create(deployment=wine, cause="drift", title="x", status="resolved")


def test_those_that_need_somebody_come_first(wine, olga):
    beer = world.a_watched_deployment(name="beer")
    rum = world.a_watched_deployment(name="rum")
    open_, acknowledged, resolved = drifts(rum), drifts(beer), drifts(wine)
    services.resolve(alarm=resolved, actor=olga)
    services.acknowledge(alarm=acknowledged, actor=olga)
    assert list(selectors.alarms()) == [open_, acknowledged, resolved]
    assert list(selectors.open_alarms()) == [open_, acknowledged]
    assert selectors.unattended_alarm_count() == 1
    assert list(selectors.alarms(deployment="beer")) == [acknowledged]
    assert list(selectors.alarms(status="resolved")) == [resolved]


def test_the_checks_of_a_resolved_alarm_end_with_it(wine):
    alarm = drifts(wine)
    is_quiet(wine)
    later = a_check(wine, status="steady")
    alarm.refresh_from_db()
    found = list(selectors.checks_of_alarm(alarm))
    assert later not in found and len(found) == 2
