"""Running checks; imports pandas and scikit-learn, so for jobs only."""

import time
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import pandas as pd
from django.db import transaction
from django.utils import timezone

from core import timerange
from core.errors import ConflictError
from core.models import Job
from core.timerange import TimeRange
from deployments.models import Deployment
from drift.reports import DegradationReport, InitialReport, degradation_report
from drift.times import Period
from gateway.stores.protocol import Query
from monitoring import selectors
from monitoring.answers import read_answers
from monitoring.describing import describe_logged, predictions_of, scores_of
from monitoring.frames import Logged, read_window
from monitoring.models import Baseline, Check, MetricRecord
from monitoring.origins import target_tag
from monitoring.rules import METHOD, WATCHED_WINDOW
from monitoring.services.alarms import follow_check
from monitoring.services.baselines import usable_baseline
from monitoring.verdicts import Verdict, headline_metric, judge, thresholds
from registry.models import ModelVersion

if TYPE_CHECKING:
    from accounts.models import User

_DAY = 86_400.0
_PERIODS = ((2.5 * _DAY, Period.HOUR), (92 * _DAY, Period.DAY), (1100 * _DAY, Period.WEEK))


def run_check(
    *,
    deployment: Deployment,
    span: TimeRange,
    trigger: str = Job.Trigger.USER,
    actor: "User | None" = None,
) -> Check:
    """Compare what a deployment's present version answered in a range with its baseline.

    Whatever is missing (baseline, rows, truths, columns) is said in the check, the rest is there.
    A check of the watched window moves the deployment's alarms.

    Raises:
        ConflictError: the deployment has never had a version.
        UnavailableError: the baseline has to be built, and MLflow does not answer.
    """
    started = time.monotonic()
    version = selectors.version_of(deployment)
    if version is None:
        raise ConflictError(f"{deployment.name} has never had a version.", hint="Deploy one first.")
    now = timezone.now()
    span = fixed(span, now=now)
    baseline = usable_baseline(version)
    logged = read_window(
        Query(deployment.name, span.start, span.end, version.version, answered=True),
        model=version.model.name,
    )
    row = Check(
        deployment=deployment,
        version=version,
        baseline=baseline if baseline.is_built else None,
        window=span.name,
        start=span.start,
        end=span.end or now,
        rows=logged.rows,
        thresholds=thresholds(),
        method=METHOD,
        trigger=trigger,
        actor=actor,
    )
    if not baseline.is_built:
        return _keep_failed(row, logged, baseline, version, started=started)
    report = compare(InitialReport.from_json(baseline.report), logged)
    return _keep(row, report, judge(report), started=started)


def fixed(span: TimeRange, *, now: datetime) -> TimeRange:
    """Return the range with the limits that it has at `now`; a window's name stays."""
    if span.name:
        return replace(timerange.named(span.name, now=now), end=now)
    return replace(span, end=span.end or now)


def compare(initial: InitialReport, logged: Logged) -> DegradationReport:
    """Return the degradation report of logged rows against a baseline."""
    logged = logged.named_as(initial.inputs)
    answers = read_answers(logged.outputs, classes=initial.classes)
    report = degradation_report(
        initial=initial,
        window=logged.frame,
        times=logged.times,
        predictions=predictions_of(answers) if logged.rows else None,
        truths=_truths(logged),
        scores=scores_of(answers),
        period=period_for(logged.times),
    )
    notes = (*logged.notes, *((answers.note,) if answers.note else ()), *report.notes)
    return replace(report, notes=notes)


def period_for(times: pd.Series) -> Period:
    """Return the length of the evolution's periods that suits the time the rows span."""
    if times.empty:
        return Period.DAY
    seconds = (times.max() - times.min()).total_seconds()
    return next((period for most, period in _PERIODS if seconds <= most), Period.MONTH)


def _truths(logged: Logged) -> pd.Series | None:
    known = logged.known_truths
    return None if known is None else pd.Series(known, dtype=object)


def _keep(row: Check, report: DegradationReport, verdict: Verdict, *, started: float) -> Check:
    row.status, row.headline = verdict.status, verdict.headline
    row.findings = list(report.findings)
    row.columns = len(report.columns)
    row.changed = [change.name for change in report.columns if change.changed]
    row.worst_percent = max(
        (change.worst_percent for change in report.columns if change.worst_percent is not None),
        default=None,
    )
    row.metric, row.metric_then, row.metric_now = headline_metric(report)
    row.report = report.to_json()
    row.seconds = time.monotonic() - started
    with transaction.atomic():
        row.save()
        _record_metrics(row)
        follow_check(row, firing=verdict.firing, quiet=verdict.quiet)
    return row


def _keep_failed(
    row: Check, logged: Logged, baseline: Baseline, version: ModelVersion, *, started: float
) -> Check:
    """Keep a check that has nothing to compare with: what came in is described by itself."""
    row.status = Check.Status.FAILED
    row.headline = "There is no baseline to compare with"
    row.problem, row.hint = baseline.problem, baseline.hint
    if logged.rows:
        report, _ = describe_logged(logged, target=target_tag(version))
        row.described = replace(report, notes=(*logged.notes, *report.notes)).to_json()
        row.columns = len(report.inputs)
    row.seconds = time.monotonic() - started
    row.save()
    return row


def _record_metrics(row: Check) -> None:
    """Add what the truths of the watched window say to the history, if it says anything new."""
    metrics = ((row.report.get("metrics") or {}).get("current")) or {}
    if row.window != WATCHED_WINDOW or not metrics.get("rows"):
        return
    history = MetricRecord.objects.filter(
        deployment=row.deployment, version=row.version, kind=MetricRecord.Kind.TRUTHS
    )
    newest = history.first()
    if newest is None or newest.metrics != metrics:
        MetricRecord.objects.create(
            version=row.version,
            deployment=row.deployment,
            kind=MetricRecord.Kind.TRUTHS,
            window=row.window,
            rows=metrics["rows"],
            metrics=metrics,
            who="portal",
        )
