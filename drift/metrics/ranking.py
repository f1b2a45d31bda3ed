"""Metrics of rankings: truths are gains (rows x items), scores order the items of each row."""

from functools import partial

from drift.metrics.types import MetricType
from drift.tasks import Task

_order = partial(MetricType, tasks=frozenset({Task.RANKING}), needs="scores")

RANKING_METRICS = (
    _order(
        "ndcg",
        "NDCG",
        "Discounted cumulative gain of the order by score, over that of the best order.",
        "ndcg_score",
    ),
    _order(
        "dcg",
        "DCG",
        "Sum of the true gains, each divided by the logarithm of its place by score.",
        "dcg_score",
    ),
    _order(
        "label_ranking_ap",
        "Label ranking average precision",
        "Mean, over the true labels, of the share of true ones among those scored as high.",
        "label_ranking_average_precision_score",
    ),
)
