"""Thresholds: how far a window may move from its baseline before it counts as changed.

The rules are fixed shares of the reference: a mean may move by one reference standard deviation,
a standard deviation and each quartile by 10 % of their value, clusters by 10 % of their share,
centroid and radius, and a metric may lose 10 %. Three rules fill their gaps in the same spirit:
10 % of the rows may change their category or predicted class, 10 % may newly lack a value (or have
one), and 10 % of a reference of zero is 10 % of the column's standard deviation. None of them
knows how many rows a window has.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from drift.clusters import Cluster, ClusterModel
from drift.columns import ColumnKind
from drift.descriptors import QUARTILES, Descriptors
from drift.evaluation import Evaluation
from drift.histograms import Histogram
from drift.metrics import METRIC_TYPES
from drift.numbers import known

TOLERANCE = 0.10


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure then and now against what it may move by; None is unknown.

    `percent_of_threshold` is 100 |change| / allowed. It is None where nothing can be compared,
    and where nothing is allowed (a constant column) but something changed: `exceeded` tells.
    """

    what: str
    reference: float | None
    current: float | None
    change: float | None
    allowed: float | None
    percent_of_threshold: float | None
    exceeded: bool

    @property
    def severity(self) -> float:
        """For sorting, worst last: the percentage, and infinity for a change of a constant."""
        if self.percent_of_threshold is None:
            return float("inf") if self.exceeded else -1.0
        return self.percent_of_threshold


def compare(
    what: str, reference: float | None, current: float | None, *, allowed: float | None
) -> Comparison:
    """Compare two figures of which the second may differ from the first by `allowed`."""
    if reference is None or current is None or allowed is None:
        return Comparison(what, reference, current, None, allowed, None, exceeded=False)
    change = current - reference
    return _judge(what, reference, current, change=change, moved=abs(change), allowed=allowed)


def compare_descriptors(reference: Descriptors, current: Descriptors) -> tuple[Comparison, ...]:
    """Compare mean, standard deviation, quartiles and the share of rows without a value.

    Where a reference quartile is 0, 10 % of the standard deviation is allowed; the mean and the
    standard deviation of a constant may not move at all. The quartiles of dates are left out: a
    date has no zero of which 10 % could be taken. Categories have only the share without a value.
    """
    lacking = compare("missing", _lacking(reference), _lacking(current), allowed=TOLERANCE)
    if not reference.kind.is_ordered:
        return (lacking,)
    spread = reference.std
    comparisons = [
        compare("mean", reference.mean, current.mean, allowed=spread),
        compare("std", spread, current.std, allowed=_tenth_of(spread, 0.0)),
    ]
    if reference.kind is not ColumnKind.DATE:
        quartiles = [(name, getattr(reference, name), getattr(current, name)) for name in QUARTILES]
        comparisons += [
            compare(name, then, now, allowed=_tenth_of(then, spread))
            for name, then, now in quartiles
        ]
    return (*comparisons, lacking)


def compare_labels(reference: Histogram, current: Histogram) -> tuple[Comparison, ...]:
    """Compare the shares of labels: at most 10 % of the rows may lie in others than before.

    The figure is the total variation of the rows that have a label, known or never seen.
    """
    then, now = (*reference.counts, reference.other), (*current.counts, current.other)
    if not sum(then) or not sum(now):
        return ()
    moved = sum(abs(b / sum(now) - a / sum(then)) for a, b in zip(then, now, strict=True)) / 2
    return (compare("label shares", 0.0, moved, allowed=TOLERANCE),)


def compare_clusters(
    model: ClusterModel, current: Sequence[Cluster]
) -> tuple[tuple[Comparison, ...], ...]:
    """Compare each cluster's share, radius (rms) and centroid with the reference's, in order.

    Each coordinate of a centroid may move by 10 % of its value; where that is 0, by 10 % of the
    column's standard deviation. A cluster that no row fell into has only its share to compare.
    """
    scales = dict(zip(model.columns, model.scales, strict=True))
    return tuple(
        (
            compare("share", then.share, now.share, allowed=_tenth_of(then.share, 0.0)),
            compare("radius", _rms(then), _rms(now), allowed=_tenth_of(_rms(then), 0.0)),
            *(
                compare(
                    f"centroid of {name}",
                    place,
                    now.centroid.get(name),
                    allowed=_tenth_of(place, scales[name]),
                )
                for name, place in then.centroid.items()
            ),
        )
        for then, now in zip(model.clusters, current, strict=True)
    )


def compare_metrics(reference: Evaluation, current: Evaluation) -> tuple[Comparison, ...]:
    """Compare each metric of the reference: only a loss counts, an improvement is 0 %.

    With a reference of 0 there is no share to lose: any loss is beyond the threshold. They come
    in the order of METRIC_TYPES, whatever order the store gave the reference's back in.
    """
    return tuple(
        _compare_metric(name, reference.values[name], current.values.get(name))
        for name in METRIC_TYPES
        if name in reference.values
    )


def worst_of(comparisons: Sequence[Comparison]) -> Comparison | None:
    """Return the comparison farthest beyond (or nearest to) its threshold."""
    return max(comparisons, key=lambda comparison: comparison.severity, default=None)


def exceeded(comparisons: Sequence[Comparison]) -> tuple[Comparison, ...]:
    """Return the comparisons beyond their threshold, worst first."""
    beyond = [comparison for comparison in comparisons if comparison.exceeded]
    return tuple(sorted(beyond, key=lambda comparison: -comparison.severity))


def _compare_metric(name: str, reference: float | None, current: float | None) -> Comparison:
    allowed = _tenth_of(reference, 0.0)
    if reference is None or current is None or allowed is None:
        return Comparison(name, reference, current, None, allowed, None, exceeded=False)
    change = current - reference
    loss = -change if METRIC_TYPES[name].greater_is_better else change
    return _judge(name, reference, current, change=change, moved=max(loss, 0.0), allowed=allowed)


def _judge(
    what: str, reference: float, current: float, *, change: float, moved: float, allowed: float
) -> Comparison:
    percent = known(100 * (moved / allowed)) if allowed else (None if moved else 0.0)
    return Comparison(what, reference, current, known(change), allowed, percent, moved > allowed)


def _tenth_of(value: float | None, otherwise: float | None) -> float | None:
    """Return 10 % of a reference value, or of `otherwise` where that is zero."""
    if value is None:
        return None
    scale = value or otherwise
    return None if scale is None else TOLERANCE * abs(scale)


def _lacking(descriptors: Descriptors) -> float | None:
    lacking = descriptors.missing + descriptors.unreadable
    return lacking / descriptors.rows if descriptors.rows else None


def _rms(cluster: Cluster) -> float | None:
    return cluster.radius.rms if cluster.radius else None
