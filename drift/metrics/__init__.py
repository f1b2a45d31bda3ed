"""Metrics: the table of everything that can be computed from predictions and true values.

Only data, so that a page can list it without loading scikit-learn: `drift.evaluation` computes it.
"""

from collections.abc import Mapping

from drift.metrics.classification import CLASSIFICATION_METRICS
from drift.metrics.ranking import RANKING_METRICS
from drift.metrics.regression import REGRESSION_METRICS
from drift.metrics.types import MetricType, Need
from drift.tasks import Task

__all__ = ["METRIC_TYPES", "MetricType", "Need", "metrics_of"]

METRIC_TYPES: Mapping[str, MetricType] = {
    metric.name: metric
    for metric in (*CLASSIFICATION_METRICS, *REGRESSION_METRICS, *RANKING_METRICS)
}


def metrics_of(task: Task, needs: Need) -> tuple[MetricType, ...]:
    """Return the metrics that are numbers, apply to a task and need labels, or scores."""
    return tuple(
        metric
        for metric in METRIC_TYPES.values()
        if task in metric.tasks and metric.needs == needs and metric.greater_is_better is not None
    )
