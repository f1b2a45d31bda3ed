"""Metrics: one evaluation, two side by side, and their history."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from core import formats
from core.charts import Series, confusion_matrix, line_chart
from drift.metrics import METRIC_TYPES
from monitoring.contexts.bars import narrow_bar
from monitoring.contexts.distributions import Json
from monitoring.contexts.words import moment
from monitoring.models import MetricRecord

TELLING = (
    *("accuracy", "balanced_accuracy", "f1_weighted", "f1_macro", "precision_weighted"),
    *("recall_weighted", "roc_auc", "roc_auc_ovr_weighted", "log_loss", "matthews_corrcoef"),
    *("mae", "rmse", "r2", "median_ae", "mape"),
)
"""The metrics that are shown first; all others stand behind them."""

HEADLINES = ("accuracy", "mae")


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric: its value now, and where there is a baseline its value then and the loss."""

    name: str
    title: str
    definition: str
    now: str
    reason: str
    then: str = ""
    bar: SafeString | str = ""


@dataclass(frozen=True, slots=True)
class MetricsView:
    """The metrics of a window, the telling ones first, with both confusion matrices."""

    rows_now: int
    rows_then: int | None
    telling: list[MetricRow]
    others: list[MetricRow]
    confusion_now: SafeString | str
    confusion_then: SafeString | str


def metrics_view(change: Json) -> MetricsView:
    """Return a window's metrics beside the baseline's (`drift.changes.MetricChange` as JSON)."""
    now, then = change["current"], change["reference"]
    judged = {one["what"]: one for one in change["comparisons"]}
    rows = [_row(name, now, then, judged.get(name)) for name in now["values"]]
    return _view(rows, now, then)


def evaluation_view(evaluation: Json) -> MetricsView:
    """Return one evaluation by itself (`drift.evaluation.Evaluation` as JSON)."""
    rows = [_row(name, evaluation, None, None) for name in evaluation["values"]]
    return _view(rows, evaluation, None)


def _view(rows: list[MetricRow], now: Json, then: Json | None) -> MetricsView:
    order = {name: place for place, name in enumerate(TELLING)}
    telling = sorted((row for row in rows if row.name in order), key=lambda row: order[row.name])
    others = sorted((row for row in rows if row.name not in order), key=lambda row: row.now == "—")
    return MetricsView(
        rows_now=now["rows"],
        rows_then=then["rows"] if then else None,
        telling=telling,
        others=others,
        confusion_now=confusion_of(now, label="confusion matrix of the window"),
        confusion_then=confusion_of(then, label="confusion matrix of the baseline"),
    )


def _row(name: str, now: Json, then: Json | None, judged: Json | None) -> MetricRow:
    known = METRIC_TYPES.get(name)
    return MetricRow(
        name=name,
        title=known.title if known else name,
        definition=known.definition if known else "",
        now=formats.number(now["values"][name]),
        reason=now["reasons"].get(name, ""),
        then=formats.number(then["values"].get(name)) if then else "",
        bar=narrow_bar(judged, label=name) if judged else "",
    )


def confusion_of(evaluation: Json | None, *, label: str) -> SafeString | str:
    """Draw the confusion matrix of an evaluation, if it has one."""
    confusion = evaluation["confusion"] if evaluation else None
    if not confusion:
        return ""
    return confusion_matrix(confusion["labels"], confusion["counts"], label=label)


def metrics_over_time(evolution: Json) -> SafeString | str:
    """Draw the most telling metrics of a window by period."""
    known = [
        Series(METRIC_TYPES[name].title, values)
        for name, values in evolution["metrics"].items()
        if any(value is not None for value in values)
    ]
    if not known or len(evolution["starts"]) < 2:
        return ""
    positions = [moment(start) for start in evolution["starts"]]
    return line_chart(known[:2], positions=positions, label=f"metrics by {evolution['period']}")


@dataclass(frozen=True, slots=True)
class RecordView:
    """One record of the history, with what it opens to."""

    record: MetricRecord
    figures: list[tuple[str, str]]
    view: MetricsView


def record_views(records: Iterable[MetricRecord]) -> list[RecordView]:
    """Return records as the history shows them: three telling figures, and all behind them."""
    views = []
    for record in records:
        view = evaluation_view(record.metrics)
        figures = [(row.title, row.now) for row in view.telling[:3]]
        views.append(RecordView(record, figures, view))
    return views


def history_chart(records: Sequence[MetricRecord]) -> SafeString | str:
    """Draw the headline metric of records (newest first) over time, the original as reference."""
    name = next((n for n in HEADLINES if any(n in r.metrics["values"] for r in records)), "")
    evaluated = [r for r in reversed(records) if r.kind != MetricRecord.Kind.ORIGINAL]
    if not name or len(evaluated) < 2:
        return ""
    original = next((r for r in records if r.kind == MetricRecord.Kind.ORIGINAL), None)
    return line_chart(
        [Series(METRIC_TYPES[name].title, [r.metrics["values"].get(name) for r in evaluated])],
        positions=[record.created for record in evaluated],
        label=f"{METRIC_TYPES[name].title} over time",
        reference=original.metrics["values"].get(name) if original else None,
    )
