"""Changes: columns, clusters and metrics of a window beside those of the baseline, judged."""

from collections.abc import Sequence
from dataclasses import dataclass

from drift.clusters import Cluster, ClusterModel
from drift.distances import Distance, distances
from drift.evaluation import Evaluation
from drift.histograms import Bins
from drift.measures import Measure, Reference
from drift.thresholds import (
    Comparison,
    compare_clusters,
    compare_descriptors,
    compare_labels,
    compare_metrics,
    exceeded,
    worst_of,
)


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """One column then and now; `distances` are for display, `comparisons` decide `changed`.

    `worst_percent` is the largest percentage of a threshold; None when nothing could be compared
    or when something changed that was constant.
    """

    name: str
    bins: Bins
    reference: Measure
    current: Measure
    comparisons: tuple[Comparison, ...]
    distances: tuple[Distance, ...]
    worst_percent: float | None
    changed: bool

    @property
    def exceeded(self) -> tuple[Comparison, ...]:
        """The comparisons beyond their threshold, worst first."""
        return exceeded(self.comparisons)


@dataclass(frozen=True, slots=True)
class ClusterChange:
    """One cluster of the baseline, and what of the window fell into it."""

    number: int
    reference: Cluster
    current: Cluster
    comparisons: tuple[Comparison, ...]
    worst_percent: float | None
    changed: bool


@dataclass(frozen=True, slots=True)
class MetricChange:
    """The metrics then (None: the baseline has none) and now; `changed` when any lost too much."""

    reference: Evaluation | None
    current: Evaluation
    comparisons: tuple[Comparison, ...]
    changed: bool


def column_change(name: str, reference: Reference, current: Measure) -> ColumnChange:
    """Compare one column with the baseline's."""
    then = reference.measure
    comparisons = compare_descriptors(then.descriptors, current.descriptors)
    if not reference.kind.is_ordered:
        comparisons += compare_labels(then.histogram, current.histogram)
    return ColumnChange(
        name=name,
        bins=reference.bins,
        reference=then,
        current=current,
        comparisons=comparisons,
        distances=distances(reference.bins, reference=then, current=current),
        worst_percent=_worst_percent(comparisons),
        changed=bool(exceeded(comparisons)),
    )


def worst_first(changes: Sequence[ColumnChange]) -> tuple[ColumnChange, ...]:
    """Return changed columns first, each group by its worst percentage; equals keep their order."""

    def severity(change: ColumnChange) -> tuple[bool, float]:
        worst = worst_of(change.comparisons)
        return (not change.changed, -worst.severity if worst else 1.0)

    return tuple(sorted(changes, key=severity))


def cluster_changes(model: ClusterModel, current: Sequence[Cluster]) -> tuple[ClusterChange, ...]:
    """Compare every cluster of the baseline with what of the window fell into it."""
    compared = compare_clusters(model, current)
    return tuple(
        ClusterChange(
            number=number,
            reference=then,
            current=now,
            comparisons=comparisons,
            worst_percent=_worst_percent(comparisons),
            changed=bool(exceeded(comparisons)),
        )
        for number, (then, now, comparisons) in enumerate(
            zip(model.clusters, current, compared, strict=True), start=1
        )
    )


def metric_change(reference: Evaluation | None, current: Evaluation) -> MetricChange:
    """Compare the metrics of a window with the baseline's."""
    comparisons = compare_metrics(reference, current) if reference else ()
    return MetricChange(reference, current, comparisons, changed=bool(exceeded(comparisons)))


def _worst_percent(comparisons: Sequence[Comparison]) -> float | None:
    worst = worst_of(comparisons)
    return worst.percent_of_threshold if worst else None
