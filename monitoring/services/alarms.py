"""Alarms: opened, repeated and resolved by checks, acknowledged and resolved by people."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from core import audit
from core.transitions import move, try_move
from deployments.models import Deployment
from monitoring.models import Alarm, Check
from monitoring.rules import RETURNS_WITHIN, WATCHED_WINDOW

if TYPE_CHECKING:
    from accounts.models import User


def follow_check(check: Check, *, firing: Mapping[str, str], quiet: Collection[str]) -> list[Alarm]:
    """Bring the alarms of a deployment in line with what a check found; return those that fire.

    `firing` holds the title of each cause that is there, `quiet` the causes that are certainly
    not; a cause in neither could not be judged and stays as it was.
    """
    if check.window != WATCHED_WINDOW:
        return []
    with transaction.atomic():
        # Two checks of one deployment may end together: one alarm per cause is opened, not two.
        Deployment.objects.select_for_update().get(pk=check.deployment_id)
        gone = Alarm.objects.filter(deployment=check.deployment, cause__in=quiet)
        for alarm in gone.exclude(status=Alarm.Status.RESOLVED):
            try_move(
                alarm,
                from_=Alarm.UNRESOLVED,
                to=Alarm.Status.RESOLVED,
                resolved=timezone.now(),
                resolved_by=None,
            )
        return [_raise(check, cause, title) for cause, title in firing.items()]


@transaction.atomic
def acknowledge(*, alarm: Alarm, actor: "User") -> Alarm:
    """Note that a person looks after the alarm; it stays until its cause is gone.

    Raises:
        ConflictError: it is acknowledged or resolved already.
    """
    before = alarm.status
    move(
        alarm,
        from_=Alarm.UNATTENDED,
        to=Alarm.Status.ACKNOWLEDGED,
        acknowledged=timezone.now(),
        acknowledged_by=actor,
    )
    _record("acknowledged alarm", alarm, actor=actor, before=before)
    return alarm


@transaction.atomic
def resolve(*, alarm: Alarm, actor: "User") -> Alarm:
    """Close the alarm; it returns if a check finds its cause again.

    Raises:
        ConflictError: it is resolved already.
    """
    before = alarm.status
    move(
        alarm,
        from_=Alarm.UNRESOLVED,
        to=Alarm.Status.RESOLVED,
        resolved=timezone.now(),
        resolved_by=actor,
    )
    _record("resolved alarm", alarm, actor=actor, before=before)
    return alarm


def _raise(check: Check, cause: str, title: str) -> Alarm:
    """Repeat the alarm of a cause, bring a resolved one back, or open a new one."""
    alarm = _repeat(check, cause, title) or _bring_back(check, cause, title)
    if alarm is not None:
        return alarm
    return Alarm.objects.create(
        deployment=check.deployment,
        cause=cause,
        title=title,
        opened=check.created,
        last_seen=check.created,
        newest_check=check,
    )


def _repeat(check: Check, cause: str, title: str) -> Alarm | None:
    alarm = Alarm.objects.filter(
        deployment=check.deployment, cause=cause, status__in=Alarm.UNRESOLVED
    ).first()
    return _seen(alarm, check, title) if alarm is not None else None


def _bring_back(check: Check, cause: str, title: str) -> Alarm | None:
    since = timezone.now() - RETURNS_WITHIN
    alarm = (
        Alarm.objects.filter(
            deployment=check.deployment,
            cause=cause,
            status=Alarm.Status.RESOLVED,
            resolved__gte=since,
        )
        .order_by("-resolved")
        .first()
    )
    if alarm is None:
        return None
    moved = try_move(
        alarm,
        from_=Alarm.Status.RESOLVED,
        to=Alarm.Status.RETURNED,
        returned=check.created,
        acknowledged=None,
        acknowledged_by=None,
    )
    return _seen(alarm, check, title) if moved else None


def _seen(alarm: Alarm, check: Check, title: str) -> Alarm:
    Alarm.objects.filter(pk=alarm.pk).update(
        title=title,
        newest_check=check,
        last_seen=check.created,
        times_seen=F("times_seen") + 1,
    )
    alarm.refresh_from_db()
    return alarm


def _record(action: str, alarm: Alarm, *, actor: "User", before: str) -> None:
    audit.record(
        action,
        object=alarm.deployment.subject,
        actor=actor,
        before={"status": before},
        after={"alarm": alarm.pk, "cause": alarm.cause, "status": alarm.status},
    )
