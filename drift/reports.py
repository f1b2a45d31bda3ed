"""Reports: what a baseline looks like, and how a window of predictions differs from it.

Both are frozen values that turn into plain JSON and back. Comparisons see measures, never rows,
so that the measure of a window may as well be the sum of those of its hours.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import msgspec
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from drift import findings
from drift.answers import Values
from drift.changes import (
    ClusterChange,
    ColumnChange,
    MetricChange,
    cluster_changes,
    column_change,
    metric_change,
    worst_first,
)
from drift.clusters import ClusterModel, assign, fit_clusters, nearest
from drift.columns import Column, ColumnKind, read_column
from drift.correlation import Correlation, correlate
from drift.evaluation import Evaluation, evaluate
from drift.evolution import Evolution, evaluate_periods, follow
from drift.labels import label_of
from drift.measures import Reference, measure, refer
from drift.rows import Rows, as_answers, classes_of, named_series, read_baseline, read_window
from drift.tasks import Task
from drift.times import Buckets, Period, bucket_times, iso_time

LabelSource = Literal["predictions", "truths"]


class _Report:
    """A value that can be stored; floats keep all their digits, NaN and infinity never occur."""

    def to_json(self) -> dict[str, Any]:
        """Return the report as dicts, lists, strings, numbers, booleans and None."""
        plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(self))
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """Return the report that `to_json` gave; raises msgspec.ValidationError for another."""
        return msgspec.convert(plain, type=cls)


@dataclass(frozen=True, slots=True)
class InitialReport(_Report):
    """The baseline: its columns, base metrics, clusters and correlations.

    `columns` holds the inputs and the target; `classes` are a classifier's, in the order of the
    columns of scores; `cluster_labels` says what the label shares of the clusters were counted
    on. `notes` are sentences about what could not be done, or should be known.
    """

    rows: int
    task: Task
    inputs: tuple[str, ...]
    target: str | None
    classes: tuple[str, ...]
    columns: dict[str, Reference]
    prediction: Reference | None
    metrics: Evaluation | None
    clusters: ClusterModel
    cluster_labels: LabelSource | None
    correlation: Correlation
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DegradationReport(_Report):
    """A window against its baseline: inputs (changed ones first), answers, clusters, metrics.

    `start` and `end` are the first and last time in ISO 8601. `target` compares the true values
    known so far. `findings` say what changed, worst first; `notes` what limits the report.
    """

    rows: int
    start: str | None
    end: str | None
    headline: str
    findings: tuple[str, ...]
    columns: tuple[ColumnChange, ...]
    prediction: ColumnChange | None
    target: ColumnChange | None
    metrics: MetricChange | None
    clusters: tuple[ClusterChange, ...]
    correlation: Correlation
    evolution: Evolution
    notes: tuple[str, ...]


def initial_report(
    *,
    frame: pd.DataFrame,
    inputs: Sequence[object],
    target: object | None,
    task: Task,
    predictions: Values | None = None,
    scores: ArrayLike | None = None,
    labels: Sequence[object] | None = None,
) -> InitialReport:
    """Describe a baseline: `frame` has the inputs and, if there is one, the target.

    `predictions` and `scores` (see `evaluation.evaluate`) are the model's, one per row of the
    frame; `labels` its classes in the order of the scores' columns. Raises ValueError when there
    are not as many predictions as rows.
    """
    target_name = None if target is None else label_of(target)
    truths = None if target_name is None else named_series(frame).get(target_name)
    rows = read_baseline(frame, inputs=inputs, truths=truths, predictions=predictions, task=task)
    classes = classes_of(rows, task=task, labels=labels)
    metrics = _evaluate(
        task=task, truths=truths, predictions=predictions, scores=scores, classes=classes
    )
    columns = {name: refer(column) for name, column in rows.columns.items()}
    correlated = dict(rows.columns)
    absent = rows.absent
    if target_name is not None and truths is not None and rows.truth is not None:
        columns[target_name] = refer(rows.truth)
        correlated[target_name] = read_column(truths)
    elif target_name is not None:
        absent = (*absent, target_name)
    source = _label_source(task, rows)
    return InitialReport(
        rows=len(frame),
        task=task,
        inputs=tuple(rows.columns),
        target=target_name,
        classes=classes,
        columns=columns,
        prediction=refer(rows.prediction) if rows.prediction else None,
        metrics=metrics,
        clusters=fit_clusters(
            rows.columns,
            classes=len(classes) if task.is_classification else None,
            labels=_labels(source, rows),
        ),
        cluster_labels=source,
        correlation=correlate(correlated),
        notes=findings.baseline_notes(columns, absent=absent, has_metrics=metrics is not None),
    )


def degradation_report(
    *,
    initial: InitialReport,
    window: pd.DataFrame,
    times: Values,
    predictions: Values | None = None,
    truths: Values | None = None,
    scores: ArrayLike | None = None,
    period: Period = Period.DAY,
) -> DegradationReport:
    """Compare a window of logged rows with the baseline; all arguments have one entry per row.

    `window` holds the inputs, `times` when each was predicted, `truths` None where not known yet.
    Columns and values that the baseline lacks, or that the window lacks, are said in `findings`;
    an empty window gives an empty report. Raises ValueError for arguments of unequal length.
    """
    rows = read_window(
        window,
        kinds={name: initial.columns[name].kind for name in initial.inputs},
        predictions=predictions,
        truths=truths,
        task=initial.task,
        classes=initial.classes,
    )
    seconds = read_column(as_answers(times, rows=len(window)), ColumnKind.DATE).numbers
    buckets = bucket_times(seconds, period)
    current = _evaluate(
        task=initial.task,
        truths=truths,
        predictions=predictions,
        scores=scores,
        classes=initial.classes,
    )
    known = seconds[np.isfinite(seconds)]
    notes = findings.window_notes(
        rows=len(window),
        timeless=len(window) - known.size,
        extra=[name for name in named_series(window) if name not in initial.columns],
        asked=period,
        used=buckets.period,
        has_predictions=predictions is not None,
        labelled=current.rows if current else 0,
    )
    return _degradation(
        initial,
        rows,
        buckets=buckets,
        metrics=metric_change(initial.metrics, current) if current else None,
        span=(float(known.min()), float(known.max())) if known.size else (None, None),
        notes=notes if initial.clusters.reason is None else (*notes, initial.clusters.reason),
    )


def _degradation(
    initial: InitialReport,
    rows: Rows,
    *,
    buckets: Buckets,
    metrics: MetricChange | None,
    span: tuple[float | None, float | None],
    notes: tuple[str, ...],
) -> DegradationReport:
    size = len(buckets.codes)
    columns = worst_first(
        [
            column_change(name, initial.columns[name], measure(initial.columns[name], column))
            for name, column in rows.columns.items()
        ]
    )
    prediction = _answer_change("predictions", initial.prediction, rows.prediction)
    target = _answer_change("true values", initial.columns.get(initial.target or ""), rows.truth)
    found = assign(initial.clusters, rows.columns, labels=_labels(initial.cluster_labels, rows))
    clusters = cluster_changes(initial.clusters, found)
    return DegradationReport(
        rows=size,
        start=iso_time(span[0]),
        end=iso_time(span[1]),
        headline=findings.headline(columns, metrics, rows=size),
        findings=findings.all_findings(
            columns=columns,
            absent=rows.absent if size else (),
            answers=[change for change in (prediction, target) if change],
            metrics=metrics,
            clusters=clusters,
        ),
        columns=columns,
        prediction=prediction,
        target=target,
        metrics=metrics,
        clusters=clusters,
        correlation=correlate(rows.columns),
        evolution=_evolution(initial, rows, buckets),
        notes=notes,
    )


def _evolution(initial: InitialReport, rows: Rows, buckets: Buckets) -> Evolution:
    evaluations: tuple[Evaluation, ...] = ()
    if rows.truth and rows.prediction and initial.task is not Task.RANKING:
        evaluations = evaluate_periods(
            buckets,
            task=initial.task,
            truth=rows.truth,
            prediction=rows.prediction,
            classes=initial.classes,
        )
    return follow(
        buckets,
        columns=rows.columns,
        prediction=rows.prediction,
        clusters=nearest(initial.clusters, rows.columns),
        cluster_count=len(initial.clusters.centres),
        evaluations=evaluations,
    )


def _answer_change(
    name: str, reference: Reference | None, answers: Column | None
) -> ColumnChange | None:
    """Compare the answers that are known: truths that are still to come are not missing ones."""
    if reference is None or answers is None:
        return None
    known = answers.take(answers.present | answers.unreadable)
    return column_change(name, reference, measure(reference, known))


def _evaluate(
    *,
    task: Task,
    truths: Values | None,
    predictions: Values | None,
    scores: ArrayLike | None,
    classes: tuple[str, ...],
) -> Evaluation | None:
    if truths is None or predictions is None or task is Task.RANKING:
        return None
    return evaluate(
        task=task, truths=truths, predictions=predictions, scores=scores, labels=classes
    )


def _label_source(task: Task, rows: Rows) -> LabelSource | None:
    if not task.is_classification:
        return None
    if rows.prediction:
        return "predictions"
    return "truths" if rows.truth else None


def _labels(source: LabelSource | None, rows: Rows) -> Column | None:
    if source is None:
        return None
    return rows.prediction if source == "predictions" else rows.truth
