"""Verdicts: what a degradation report means for a deployment, and which alarms follow from it."""

from dataclasses import dataclass

from drift.changes import MetricChange
from drift.distances import DISTANCE_TYPES
from drift.findings import HEADLINE_METRICS
from drift.metrics import METRIC_TYPES
from drift.numbers import short
from drift.reports import DegradationReport
from drift.tasks import Task
from drift.thresholds import TOLERANCE, Comparison
from monitoring.models import Alarm, Check
from monitoring.rules import LEAST_ROWS

_OF_CLASSES = ("accuracy", "balanced_accuracy", "f1_weighted")
WATCHED_METRICS = {
    Task.BINARY: _OF_CLASSES,
    Task.MULTICLASS: _OF_CLASSES,
    Task.REGRESSION: ("mae", "rmse", "r2"),
    Task.RANKING: (),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word for a window, the line that says it, and what each cause of alarm has to say.

    `firing` holds the title of each cause that is there; `quiet` are those that certainly are not.
    """

    status: str
    headline: str
    firing: dict[str, str]
    quiet: frozenset[str]


def judge(report: DegradationReport) -> Verdict:
    """Return the verdict on a window.

    It drifts when an input, the predictions or the true values changed, or a watched metric lost
    too much. Clusters alone do not make it drift: the inputs they are made of have thresholds of
    their own. Nor does one of the forty other metrics: among so many, one is always unlucky.
    """
    if report.rows < LEAST_ROWS:
        return Verdict(Check.Status.NO_DATA, _too_few(report), {}, frozenset())
    firing = {}
    quiet = set()
    if title := _drift_title(report):
        firing[Alarm.Cause.DRIFT.value] = title
    else:
        quiet.add(Alarm.Cause.DRIFT.value)
    if title := _metrics_title(report.metrics):
        firing[Alarm.Cause.METRICS.value] = title
    elif report.metrics is not None and report.metrics.current.rows >= LEAST_ROWS:
        quiet.add(Alarm.Cause.METRICS.value)
    status = Check.Status.DRIFTING if firing else Check.Status.STEADY
    return Verdict(status, report.headline, firing, frozenset(quiet))


def headline_metric(
    report: DegradationReport,
) -> tuple[str, float | None, float | None]:
    """Return the one metric shown in lists: its name, on the baseline, and in the window."""
    metrics = report.metrics
    if metrics is None:
        return "", None, None
    name = HEADLINE_METRICS.get(metrics.current.task, "")
    then = metrics.reference.values.get(name) if metrics.reference else None
    return name, then, metrics.current.values.get(name)


def thresholds() -> dict[str, object]:
    """Return what the verdict rests on, kept with each check so that it can be explained later."""
    return {
        "tolerance": TOLERANCE,
        "least_rows": LEAST_ROWS,
        "distances": {
            kind.name: {
                "title": kind.title,
                "definition": kind.definition,
                "source": kind.source,
                "limit": kind.limit,
            }
            for kind in DISTANCE_TYPES.values()
        },
    }


def _drift_title(report: DegradationReport) -> str:
    """Return what drifted in one line, or an empty text."""
    changed = [change for change in report.columns if change.changed]
    if changed:
        names = ", ".join(change.name for change in changed[:3])
        more = f" and {len(changed) - 3} more" if len(changed) > 3 else ""
        return f"{len(changed)} of {len(report.columns)} columns changed: {names}{more}"
    answers = [one for one in (report.prediction, report.target) if one is not None]
    moved = [answer.name for answer in answers if answer.changed]
    return f"The {' and the '.join(moved)} changed, the inputs did not" if moved else ""


def _metrics_title(metrics: MetricChange | None) -> str:
    """Return what the watched metrics lost in one line, or an empty text."""
    if metrics is None or metrics.current.rows < LEAST_ROWS:
        return ""
    judged = {one.what: one for one in metrics.comparisons if one.exceeded}
    lost = [name for name in WATCHED_METRICS[metrics.current.task] if name in judged]
    return ", ".join(_move(judged[name]) for name in lost)


def _move(one: Comparison) -> str:
    title = METRIC_TYPES[one.what].title
    return f"{title} went from {short(one.reference)} to {short(one.current)}"


def _too_few(report: DegradationReport) -> str:
    if not report.rows:
        return report.headline
    return f"{report.rows} rows in this window are too few for a verdict, which takes {LEAST_ROWS}"
