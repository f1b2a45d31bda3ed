"""Asking for background work: baselines, checks, bundles and evaluations, by the names of jobs."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from core import audit, jobs
from core.errors import InvalidError
from core.models import Job
from core.timerange import TimeRange
from deployments.models import Deployment
from monitoring import selectors
from monitoring.labelled import read_labelled
from monitoring.models import Baseline, Check
from monitoring.places import labelled_data
from monitoring.rules import WATCHED_WINDOW
from registry.models import ModelVersion

if TYPE_CHECKING:
    from accounts.models import User

BASELINE = "monitoring.baseline"
CHECK = "monitoring.check"
BUNDLE = "monitoring.bundle"
EVALUATE = "monitoring.evaluate"

PATIENCE = timedelta(minutes=10)
"""How long after a failed baseline job the portal waits before it tries again by itself."""


@transaction.atomic
def request_baseline(*, version: ModelVersion, actor: "User | None") -> Job:
    """Ask for the baseline of a version to be built anew."""
    if actor is not None:
        audit.record("asked for the baseline of", object=subject_of(version), actor=actor)
    return _baseline_job(version, trigger=Job.Trigger.USER, actor=actor)


@transaction.atomic
def request_check(
    *,
    deployment: Deployment,
    span: TimeRange,
    actor: "User | None" = None,
    trigger: str = Job.Trigger.USER,
) -> Job:
    """Ask for a check of a deployment over a named window or a from-to."""
    return jobs.enqueue(
        CHECK,
        subject=deployment.subject,
        arguments={"deployment": deployment.pk, **_as_arguments(span)},
        actor=actor,
        trigger=trigger,
    )


def request_checks() -> list[Job]:
    """Ask for a check of the watched window of every live deployment."""
    span = TimeRange(start=None, end=None, name=WATCHED_WINDOW)
    return [
        request_check(deployment=row, span=span, trigger=Job.Trigger.SCHEDULE)
        for row in selectors.live_deployments()
    ]


def request_bundle(*, of: Check | Baseline, actor: "User | None") -> Job:
    """Ask for the zip file of a check or a baseline."""
    kind = "check" if isinstance(of, Check) else "baseline"
    subject = of.deployment.subject if isinstance(of, Check) else subject_of(of.version)
    return jobs.enqueue(BUNDLE, subject=subject, arguments={kind: of.pk}, actor=actor)


def request_evaluation(*, deployment: Deployment, body: Any, who: str, actor: "User | None") -> Job:
    """Ask for the live model to be evaluated on labelled data.

    The data wait in a file: a job's arguments are shown on its page and stay for months.

    Raises:
        InvalidError: the body is no labelled data, or its truths do not fit its rows.
    """
    labelled = read_labelled(body)
    if selectors.version_of(deployment) is None:
        raise InvalidError(f"{deployment.name} has never served a version.", hint="Deploy one.")
    name = f"{uuid4().hex}.json"
    (labelled_data() / name).write_bytes(labelled.as_bytes())
    return jobs.enqueue(
        EVALUATE,
        subject=deployment.subject,
        arguments={"deployment": deployment.pk, "file": name, "who": who},
        actor=actor,
    )


def request_missing_baselines() -> list[Job]:
    """Ask for the baselines that live deployments lack; cheap, and safe to call at any time.

    Lacking means: none was built, it was built from other data than there are now, or before the
    model could be asked for its predictions.
    """
    due = selectors.versions_without_baseline(patience=PATIENCE)
    tried = Q(status__in=Job.OPEN) | Q(
        status=Job.Status.FAILED, finished__gte=timezone.now() - PATIENCE
    )
    subjects = [subject_of(version) for version in due]
    busy = set(
        Job.objects.filter(tried, kind=BASELINE, subject__in=subjects).values_list(
            "subject", flat=True
        )
    )
    return [
        _baseline_job(version, trigger=Job.Trigger.SYSTEM, actor=None)
        for version in due
        if subject_of(version) not in busy
    ]


def subject_of(version: ModelVersion) -> str:
    """Return how jobs and audit entries name a version."""
    return f"model:{version.model.name}/{version.version}"


def span_from(arguments: dict[str, Any]) -> TimeRange:
    """Return the range that a job's arguments name."""
    start, end = (
        datetime.fromisoformat(arguments[name]) if arguments.get(name) else None
        for name in ("from", "to")
    )
    return TimeRange(start=start, end=end, name=arguments.get("window", ""))


def _as_arguments(span: TimeRange) -> dict[str, str]:
    if span.name:
        return {"window": span.name}
    limits = {"from": span.start, "to": span.end}
    return {name: moment.isoformat() for name, moment in limits.items() if moment is not None}


def _baseline_job(version: ModelVersion, *, trigger: str, actor: "User | None") -> Job:
    return jobs.enqueue(
        BASELINE,
        subject=subject_of(version),
        arguments={"version": version.pk},
        actor=actor,
        trigger=trigger,
    )
