"""Reads of alarms."""

from django.db.models import Case, IntegerField, QuerySet, Value, When

from core.errors import NotFoundError
from monitoring.models import Alarm


def alarms(*, status: str = "", deployment: str = "") -> QuerySet[Alarm]:
    """Return alarms: those that need somebody first, each group by when they were last seen."""
    rank = Case(
        When(status__in=Alarm.UNATTENDED, then=Value(0)),
        When(status=Alarm.Status.ACKNOWLEDGED, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
    rows = Alarm.objects.select_related(
        "deployment", "newest_check__version__model", "acknowledged_by", "resolved_by"
    ).defer("newest_check__report", "newest_check__described")
    if status:
        rows = rows.filter(status=status)
    if deployment:
        rows = rows.filter(deployment__name=deployment)
    return rows.order_by(rank, "-last_seen", "-pk")


def open_alarms() -> QuerySet[Alarm]:
    """Return the alarms that are not resolved."""
    return alarms().filter(status__in=Alarm.UNRESOLVED)


def unattended_alarm_count() -> int:
    """Return how many alarms nobody has acknowledged; for the rail and the title of pages."""
    return Alarm.objects.filter(status__in=Alarm.UNATTENDED).count()


def alarm(pk: int) -> Alarm:
    """Return one alarm.

    Raises:
        NotFoundError: there is none of that number.
    """
    row = alarms().filter(pk=pk).first()
    if row is None:
        raise NotFoundError(f"There is no alarm {pk}.", hint="Alarms lists those there are.")
    return row
