"""A whole report as its page and its one-file form show it."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from core import formats
from core.charts import heat_map
from monitoring.contexts.clusters import ClusterView, baseline_clusters, changed_clusters
from monitoring.contexts.columns import ColumnView, answer_views, column_view, column_views
from monitoring.contexts.details import FigureRow, described_figures
from monitoring.contexts.distributions import Json, distribution, unit
from monitoring.contexts.metrics import (
    MetricsView,
    evaluation_view,
    metrics_over_time,
    metrics_view,
)
from monitoring.models import Baseline, Check

SIDE_BY_SIDE = 7
"""Up to so many columns two correlation matrices fit beside each other."""


@dataclass(frozen=True, slots=True)
class CheckView:
    """A check with a report: findings, columns, answers, metrics, clusters, correlation.

    `is_narrow` says that both correlation matrices fit beside each other.
    """

    findings: list[str]
    notes: list[str]
    span: str
    columns: list[ColumnView]
    answers: list[ColumnView]
    metrics: MetricsView | None
    metrics_evolution: SafeString | str
    clusters: list[ClusterView]
    correlation_then: SafeString | str
    correlation_now: SafeString | str
    is_narrow: bool


@dataclass(frozen=True, slots=True)
class DescribedColumn:
    """One column by itself."""

    name: str
    kind: str
    role: str
    small: SafeString
    large: SafeString
    unit: str
    mean: str
    std: str
    range: str
    missing: str
    figures: list[FigureRow]


@dataclass(frozen=True, slots=True)
class InitialView:
    """An initial report: columns, base metrics, clusters, correlation."""

    rows: int
    task: str
    target: str
    classes: str
    notes: list[str]
    columns: list[DescribedColumn]
    metrics: MetricsView | None
    clusters: list[ClusterView]
    clusters_reason: str
    silhouette: str
    correlation: SafeString | str


def check_view(check: Check) -> CheckView | None:
    """Return how a check is shown, None when it has no report."""
    report = check.report
    if not report:
        return None
    definitions = check.thresholds.get("distances", {})
    baseline = check.baseline.report if check.baseline else {}
    metrics = report["metrics"]
    return CheckView(
        findings=report["findings"],
        notes=report["notes"],
        span=_span(report),
        columns=column_views(report, definitions),
        answers=answer_views(report, definitions),
        metrics=metrics_view(metrics) if metrics and metrics["current"]["rows"] else None,
        metrics_evolution=metrics_over_time(report["evolution"]),
        clusters=changed_clusters(report["clusters"]) if report["rows"] else [],
        correlation_then=_heat_map(baseline.get("correlation"), label="correlation then"),
        correlation_now=_heat_map(report["correlation"], label="correlation now"),
        is_narrow=len(report["correlation"]["columns"]) <= SIDE_BY_SIDE,
    )


def one_column(check: Check, name: str) -> ColumnView | None:
    """Return one column of a check with its details, None when the report has none called so."""
    report = check.report or {"columns": []}
    change = next((one for one in report["columns"] if one["name"] == name), None)
    if change is None:
        return None
    return column_view(
        change,
        check.thresholds.get("distances", {}),
        periods=report["evolution"]["columns"].get(name, []),
        starts=report["evolution"]["starts"],
        with_detail=True,
    )


def baseline_view(baseline: Baseline) -> InitialView | None:
    """Return how a baseline is shown, None when it could not be built."""
    return initial_view(baseline.report) if baseline.report else None


def initial_view(report: Json) -> InitialView:
    """Return how an initial report is shown (`drift.reports.InitialReport` as JSON)."""
    clusters = report["clusters"]
    named = dict(report["columns"])
    if report["prediction"] is not None:
        named["predictions"] = report["prediction"]
    roles = {report["target"]: "target", "predictions": "answers of the model"}
    return InitialView(
        rows=report["rows"],
        task=report["task"],
        target=report["target"] or "",
        classes=", ".join(report["classes"][:20]),
        notes=report["notes"],
        columns=[
            _described(name, reference, role=roles.get(name, "input"))
            for name, reference in named.items()
        ],
        metrics=evaluation_view(report["metrics"]) if report["metrics"] else None,
        clusters=baseline_clusters(clusters),
        clusters_reason=clusters["reason"] or "",
        silhouette=formats.number(clusters["silhouette"], digits=3),
        correlation=_heat_map(report["correlation"], label="correlation"),
    )


def _described(name: str, reference: Json, *, role: str) -> DescribedColumn:
    bins, measure = reference["bins"], reference["measure"]
    figures = {row.name: row.then for row in described_figures(measure["descriptors"])}
    lacking = measure["descriptors"]["missing"] + measure["descriptors"]["unreadable"]
    smallest, largest = figures.get("smallest", ""), figures.get("largest", "")
    return DescribedColumn(
        name=name,
        kind=bins["kind"],
        role=role,
        small=distribution(name, bins, reference=measure["histogram"]),
        large=distribution(name, bins, reference=measure["histogram"], large=True),
        unit=unit(bins),
        mean=figures.get("mean", formats.NOTHING),
        std=figures.get("standard deviation", formats.NOTHING),
        range=f"{smallest} to {largest}" if smallest else _commonest(measure["descriptors"]),
        missing=formats.number(lacking),
        figures=described_figures(measure["descriptors"]),
    )


def _commonest(descriptors: Json) -> str:
    if not descriptors["top"]:
        return formats.NOTHING
    top = descriptors["top"][0]
    share = formats.percent(top["count"] / descriptors["count"])
    return f"{top['label']} ({share})"


def _span(report: Json) -> str:
    if report["start"] is None:
        return ""
    return f"{report['start'][:16].replace('T', ' ')} to {report['end'][:16].replace('T', ' ')} UTC"


def _heat_map(correlation: Json | None, *, label: str) -> SafeString | str:
    if not correlation or len(correlation["columns"]) < 2:
        return ""
    return heat_map(correlation["columns"], correlation["matrix"], label=label)
