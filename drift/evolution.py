"""Evolution: descriptors, metrics and cluster shares of a window, period by period."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drift.answers import align_labels
from drift.columns import Column
from drift.confusion import count_pairs
from drift.descriptors import Descriptors, describe_groups
from drift.evaluation import Evaluation, evaluate_confusion, evaluate_values
from drift.tasks import Task
from drift.times import Buckets, Period

CLASS_METRICS = ("accuracy", "balanced_accuracy", "f1_weighted")
VALUE_METRICS = ("mae", "rmse", "r2")


@dataclass(frozen=True, slots=True)
class Evolution:
    """Figures of each period that holds rows; every tuple is parallel to `starts` (ISO 8601).

    `labelled` counts the rows with truth and prediction, on which the metrics stand; `clusters`
    holds for each period the share of each of the baseline's clusters.
    """

    period: Period
    starts: tuple[str, ...]
    rows: tuple[int, ...]
    columns: dict[str, tuple[Descriptors, ...]]
    prediction: tuple[Descriptors, ...]
    labelled: tuple[int, ...]
    metrics: dict[str, tuple[float | None, ...]]
    clusters: tuple[tuple[float, ...], ...]


def follow(
    buckets: Buckets,
    *,
    columns: Mapping[str, Column],
    prediction: Column | None,
    clusters: NDArray[np.int64],
    cluster_count: int,
    evaluations: tuple[Evaluation, ...],
) -> Evolution:
    """Describe every column in every period; `clusters` holds the cluster of each row."""
    placed = buckets.codes >= 0
    codes, size = buckets.codes[placed], buckets.size
    rows = np.bincount(codes, minlength=size)

    def figures(column: Column) -> tuple[Descriptors, ...]:
        return describe_groups(column.take(placed), groups=codes, size=size)

    shares: tuple[tuple[float, ...], ...] = ()
    if cluster_count:
        pairs = codes * cluster_count + clusters[placed]
        counts = np.bincount(pairs, minlength=size * cluster_count).reshape(size, cluster_count)
        shares = tuple(tuple(row) for row in (counts / rows[:, np.newaxis]).tolist())
    names = evaluations[0].values if evaluations else ()
    return Evolution(
        period=buckets.period,
        starts=buckets.starts,
        rows=tuple(rows.tolist()),
        columns={name: figures(column) for name, column in columns.items()},
        prediction=figures(prediction) if prediction else (),
        labelled=tuple(evaluation.rows for evaluation in evaluations),
        metrics={name: tuple(part.values[name] for part in evaluations) for name in names},
        clusters=shares,
    )


def evaluate_periods(
    buckets: Buckets, *, task: Task, truth: Column, prediction: Column, classes: tuple[str, ...]
) -> tuple[Evaluation, ...]:
    """Compute a few telling metrics for each period."""
    members = [buckets.codes == number for number in range(buckets.size)]
    if task is Task.REGRESSION:
        return tuple(
            evaluate_values(truth.numbers[rows], prediction.numbers[rows], VALUE_METRICS)
            for rows in members
        )
    answers = align_labels(truth, prediction, classes)
    return tuple(
        evaluate_confusion(
            task,
            count_pairs(answers.labels, answers.truths[rows], answers.predictions[rows]),
            CLASS_METRICS,
        )
        for rows in members
    )
