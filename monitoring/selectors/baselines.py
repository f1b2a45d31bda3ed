"""Reads of baselines, and of the versions that lack one."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, Q
from django.utils import timezone

from core.errors import NotFoundError
from core.models import Job
from deployments.models import ModelServer, Release
from monitoring.errors import NoBaseline
from monitoring.models import Baseline
from monitoring.origins import origin_of
from registry.models import ModelVersion


def baseline_of(version: ModelVersion) -> Baseline | None:
    """Return the baseline that checks of the version are made against."""
    return Baseline.objects.filter(version=version, is_current=True).first()


def built_baseline(version: ModelVersion) -> Baseline:
    """Return the baseline, if it has a report.

    Raises:
        NoBaseline: there is none yet, or it could not be built; the message says why.
    """
    row = baseline_of(version)
    if row is None:
        raise NoBaseline(f"{version} has no baseline yet.", hint="It is built once it is live.")
    if not row.is_built:
        raise NoBaseline(row.problem, hint=row.hint, permanent=True)
    return row


def baseline(pk: int) -> Baseline:
    """Return one baseline.

    Raises:
        NotFoundError: there is none of that number.
    """
    row = Baseline.objects.select_related("version__model").filter(pk=pk).first()
    if row is None:
        raise NotFoundError(f"There is no baseline {pk}.", permanent=True)
    return row


def open_baseline_job(version: ModelVersion) -> Job | None:
    """Return the job that builds the version's baseline now, if there is one."""
    rows = Job.objects.filter(kind="monitoring.baseline", arguments__version=version.pk)
    return rows.filter(status__in=Job.OPEN).first()


def versions_without_baseline(*, patience: timedelta) -> list[ModelVersion]:
    """Return the versions that are live here and whose baseline is missing or out of date.

    One that was built before the model could be asked is out of date when the model has come
    live since, or when the last attempt is longer ago than `patience`.
    """
    servers = ModelServer.objects.filter(
        status=ModelServer.Status.LIVE, release__status=Release.Status.LIVE, node=settings.NODE
    )
    live: dict[tuple[str, str], datetime | None] = {
        (name, version): since
        for name, version, since in servers.order_by()
        .values_list("release__model_name", "release__version")
        .annotate(since=Max("live_since"))
    }
    if not live:
        return []
    wanted = Q(pk__in=[])
    for name, number in live:
        wanted |= Q(model__name=name, version=number)
    rows = list(ModelVersion.objects.select_related("model", "upload").filter(wanted))
    built = {
        row.version_id: row
        for row in Baseline.objects.filter(version__in=rows, is_current=True).defer("report")
    }
    late = timezone.now() - patience
    return [
        row
        for row in rows
        if _is_out_of_date(
            built.get(row.pk), row, live_since=live[(row.model.name, row.version)], late=late
        )
    ]


def _is_out_of_date(
    baseline: Baseline | None, version: ModelVersion, *, live_since: datetime | None, late: datetime
) -> bool:
    if baseline is None or baseline.origin != origin_of(version):
        return True
    if baseline.asked_model or not baseline.rows:
        return False
    return baseline.created < max(late, live_since or late)
