"""Findings: what a comparison says, in whole sentences and in the order in which to read them."""

from collections.abc import Mapping, Sequence

from drift.changes import ClusterChange, ColumnChange, MetricChange
from drift.columns import ColumnKind
from drift.measures import Reference
from drift.metrics import METRIC_TYPES
from drift.numbers import short
from drift.tasks import Task
from drift.thresholds import Comparison
from drift.times import MOST_BUCKETS, Period, iso_time

HEADLINE_METRICS = {Task.BINARY: "accuracy", Task.MULTICLASS: "accuracy", Task.REGRESSION: "mae"}
SECONDS_PER_DAY = 86_400.0

_FIGURES = {
    "mean": "mean",
    "std": "standard deviation",
    "q25": "lower quartile",
    "median": "median",
    "q75": "upper quartile",
    "missing": "share without a value",
    "label shares": "shares of its labels",
}


def headline(columns: Sequence[ColumnChange], metrics: MetricChange | None, *, rows: int) -> str:
    """Return the report in one line: how many columns changed, and what the metric did."""
    if not rows:
        return "No rows in this window"
    changed = sum(change.changed for change in columns)
    said = f"{changed or 'None'} of {len(columns)} columns changed"
    comparison = _headline_comparison(metrics)
    if comparison:
        return f"{said}; {_moved(comparison)}"
    return said if metrics and metrics.current.rows else f"{said}; no true values are known"


def all_findings(
    *,
    columns: Sequence[ColumnChange],
    absent: Sequence[str],
    answers: Sequence[ColumnChange],
    metrics: MetricChange | None,
    clusters: Sequence[ClusterChange],
) -> tuple[str, ...]:
    """Return every finding: changed columns, then answers, metrics, clusters and odd values."""
    return (
        *(f"{name}: the column is not in this window." for name in absent),
        *column_findings([change for change in columns if change.name not in absent]),
        *column_findings(answers),
        *metric_findings(metrics),
        *cluster_findings(clusters),
        *value_findings([*columns, *answers]),
    )


def column_findings(columns: Sequence[ColumnChange]) -> list[str]:
    """Return a sentence for each changed column."""
    return [column_sentence(change) for change in columns if change.changed]


def column_sentence(change: ColumnChange) -> str:
    """Say by what a column exceeds its thresholds most, and by what else."""
    worst, *others = change.exceeded
    said = f"{change.name}: {_column_move(change, worst)} ({_percent(worst)})"
    if others:
        said += "; beyond their thresholds, too: "
        said += ", ".join(_FIGURES[other.what] for other in others)
    return said + "."


def metric_findings(metrics: MetricChange | None) -> list[str]:
    """Return a sentence about the loss of metrics, if any is beyond its threshold."""
    if metrics is None or not metrics.changed:
        return []
    lost = [comparison for comparison in metrics.comparisons if comparison.exceeded]
    compared = [one for one in metrics.comparisons if one.change is not None]
    said = f"{len(lost)} of {len(compared)} metrics lost more than their threshold"
    shown = _headline_comparison(metrics)
    if shown not in lost:
        shown = max(lost, key=lambda comparison: comparison.severity)
    return [f"{said}: {_moved(shown)} ({_percent(shown)})."]


def cluster_findings(clusters: Sequence[ClusterChange]) -> list[str]:
    """Return a sentence about the clusters beyond their thresholds, the worst one named."""
    changed = [change for change in clusters if change.changed]
    if not changed:
        return []
    number, worst = max(
        ((change.number, one) for change in changed for one in change.comparisons if one.exceeded),
        key=lambda pair: pair[1].severity,
    )
    return [
        f"{len(changed)} of {len(clusters)} clusters changed: the {worst.what} of cluster {number} "
        f"went from {short(worst.reference)} to {short(worst.current)} ({_percent(worst)})."
    ]


def value_findings(columns: Sequence[ColumnChange]) -> list[str]:
    """Return sentences about values the baseline did not have: labels, types, infinities."""
    said = []
    for change in columns:
        figures, then = change.current.descriptors, change.reference.descriptors
        if change.current.unseen:
            new = ", ".join(f"{entry.label} ({entry.count})" for entry in change.current.unseen)
            total = change.current.histogram.other - figures.unreadable
            said.append(f"{change.name}: {total} rows hold labels the baseline never had: {new}.")
        if figures.unreadable:
            said.append(
                f"{change.name}: {figures.unreadable} values are not of the baseline's kind, "
                f"{then.kind}, and count as missing."
            )
        if figures.infinite and not then.infinite:
            said.append(f"{change.name}: {figures.infinite} values are infinite.")
    return said


def baseline_notes(
    references: Mapping[str, Reference], *, absent: Sequence[str], has_metrics: bool
) -> tuple[str, ...]:
    """Return sentences about what the baseline lacks."""
    notes = [f"{name}: the column is not in the data set of the baseline." for name in absent]
    for name, reference in references.items():
        figures = reference.measure.descriptors
        if name in absent:
            continue
        if not figures.count:
            notes.append(f"{name}: the column has no values in the baseline.")
        elif figures.is_constant:
            notes.append(f"{name}: the column has only one value in the baseline.")
        if figures.infinite:
            notes.append(f"{name}: {figures.infinite} values are infinite; figures leave them out.")
    if not has_metrics:
        notes.append("There are no base metrics: they take a target and predictions.")
    return tuple(notes)


def window_notes(
    *,
    rows: int,
    timeless: int,
    extra: Sequence[str],
    asked: Period,
    used: Period,
    has_predictions: bool,
    labelled: int,
) -> tuple[str, ...]:
    """Return sentences about what limits the comparison of a window."""
    if not rows:
        return ("There are no rows in this window.",)
    notes = [f"{name}: the column is not in the baseline, so it is not compared." for name in extra]
    if timeless:
        notes.append(f"{timeless} rows have no time and are in no period of the evolution.")
    if used is not asked:
        notes.append(f"The evolution is by {used}: by {asked}, it has over {MOST_BUCKETS} periods.")
    if not has_predictions:
        notes.append("There are no predictions for this window.")
    if not labelled:
        notes.append("No true values are known for this window, so there are no metrics.")
    elif labelled < rows:
        notes.append(f"True values are known for {labelled} of {rows} rows; metrics stand on them.")
    return tuple(notes)


def _headline_comparison(metrics: MetricChange | None) -> Comparison | None:
    if metrics is None:
        return None
    name = HEADLINE_METRICS.get(metrics.current.task)
    return next(
        (one for one in metrics.comparisons if one.what == name and one.change is not None), None
    )


def _moved(comparison: Comparison) -> str:
    title = METRIC_TYPES[comparison.what].title
    title = title[0].lower() + title[1:] if title[1:2].islower() else title
    then, now = short(comparison.reference), short(comparison.current)
    if then == now:
        return f"{title} stayed at {now}"
    verb = "fell" if (comparison.change or 0.0) < 0 else "rose"
    return f"{title} {verb} from {then} to {now}"


def _column_move(change: ColumnChange, worst: Comparison) -> str:
    kind = change.bins.kind
    if worst.what == "label shares":
        return f"{100 * (worst.current or 0.0):.0f} % of the rows moved to other labels"
    figure = _FIGURES[worst.what]
    of_length = kind is ColumnKind.TEXT and worst.what != "missing"
    then, now = (_spell(kind, worst.what, value) for value in (worst.reference, worst.current))
    return f"the {figure}{' of its length' if of_length else ''} went from {then} to {now}"


def _spell(kind: ColumnKind, what: str, value: float | None) -> str:
    if what == "missing":
        return f"{100 * (value or 0.0):.3g} %"
    if kind is ColumnKind.DATE:
        days = f"{(value or 0.0) / SECONDS_PER_DAY:.3g} days"
        return days if what == "std" else (iso_time(value) or days)
    return short(value)


def _percent(comparison: Comparison) -> str:
    if comparison.percent_of_threshold is None:
        return "no change was allowed"
    return f"{comparison.percent_of_threshold:,.0f} % of the threshold"
