"""Reads of checks: of one deployment, and how all of them stand."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Window
from django.db.models.functions import RowNumber

from core.errors import NotFoundError
from core.models import Job
from deployments import selectors as deployments
from deployments.models import Deployment
from monitoring.models import Alarm, Check
from monitoring.rules import WATCHED_WINDOW
from monitoring.selectors.alarms import open_alarms

RECENT_CHECKS = 20
HEAVY = ("report", "described")
"""Fields that no list needs: a report may be megabytes."""


@dataclass(frozen=True, slots=True)
class DriftState:
    """How a deployment stands: its newest checks of the watched window, and its worst alarm."""

    deployment: Deployment
    checks: tuple[Check, ...]
    alarm: Alarm | None
    is_live: bool

    @property
    def check(self) -> Check | None:
        """The newest check; the others are older."""
        return self.checks[0] if self.checks else None

    @property
    def status(self) -> str:
        """The word of `core.statuses`."""
        return self.check.status if self.check else "unknown"


def checks(deployment: Deployment, *, window: str | None = None) -> QuerySet[Check]:
    """Return the checks of a deployment, newest first, without their reports.

    `window` narrows to a named window, or with an empty text to ranges from-to.
    """
    rows = (
        Check.objects.filter(deployment=deployment)
        .select_related("deployment", "version__model", "actor")
        .defer(*HEAVY)
    )
    return rows if window is None else rows.filter(window=window)


def check(pk: int) -> Check:
    """Return one check with its report.

    Raises:
        NotFoundError: there is none of that number.
    """
    rows = Check.objects.select_related("deployment", "version__model", "baseline", "actor")
    row = rows.filter(pk=pk).first()
    if row is None:
        raise NotFoundError(
            f"There is no check {pk}.",
            hint="Old checks are thinned out to one a day; Drift lists those that are kept.",
            permanent=True,
        )
    return row


def neighbours(row: Check) -> tuple[Check | None, Check | None]:
    """Return the check before and the one after, of the same deployment and window."""
    around = checks(row.deployment, window=row.window)
    older = around.filter(
        Q(created__lt=row.created) | Q(created=row.created, pk__lt=row.pk)
    ).first()
    newer = around.filter(Q(created__gt=row.created) | Q(created=row.created, pk__gt=row.pk)).last()
    return older, newer


def open_check_job(deployment: Deployment) -> Job | None:
    """Return the check of the deployment that is under way, if there is one."""
    rows = Job.objects.filter(subject=deployment.subject, kind="monitoring.check")
    return rows.filter(status__in=Job.OPEN).first()


def checks_of_alarm(row: Alarm) -> QuerySet[Check]:
    """Return the checks of the watched window since the alarm opened, until it was resolved."""
    rows = checks(row.deployment, window=WATCHED_WINDOW).filter(created__gte=row.opened)
    if row.is_resolved and row.resolved is not None:
        rows = rows.filter(created__lte=row.resolved)
    return rows


def drift_states() -> list[DriftState]:
    """Return how every wanted deployment stands, worst first; the same few queries for any number.

    First what drifts, by the share of its columns that changed; then what failed, what had no
    data, what was never checked, what is steady.
    """
    rows = list(deployments.deployments(wanted_only=True))
    recent = _recent_checks(rows)
    alarms = {alarm.deployment_id: alarm for alarm in open_alarms().order_by("-opened")}
    states = [
        DriftState(
            deployment=row,
            checks=tuple(recent[row.pk]),
            alarm=alarms.get(row.pk),
            is_live=deployments.status_of(row) == "live",
        )
        for row in rows
    ]
    return sorted(states, key=_severity)


def _recent_checks(rows: Sequence[Deployment]) -> dict[int, list[Check]]:
    """Return the newest checks of the watched window by deployment, newest first; one query."""
    ranked = (
        Check.objects.filter(deployment__in=rows, window=WATCHED_WINDOW)
        .defer(*HEAVY)
        .annotate(
            place=Window(
                RowNumber(), partition_by=F("deployment"), order_by=[F("created").desc(), "-pk"]
            )
        )
        .filter(place__lte=RECENT_CHECKS)
        .order_by("-created", "-pk")
    )
    found: dict[int, list[Check]] = defaultdict(list)
    for row in ranked:
        found[row.deployment_id].append(row)
    return found


_ORDER = (
    Check.Status.DRIFTING,
    Check.Status.FAILED,
    Check.Status.NO_DATA,
    "unknown",
    Check.Status.STEADY,
)


def _severity(state: DriftState) -> tuple[int, float, str]:
    share = state.check.changed_share if state.check else 0.0
    return (_ORDER.index(state.status), -share, state.deployment.name)
