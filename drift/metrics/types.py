"""The type of an entry in the table of metrics."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from drift.tasks import Task

Need = Literal["labels", "scores"]


@dataclass(frozen=True, slots=True)
class MetricType:
    """One metric: what it means, when it applies, and how scikit-learn computes it.

    `function` of `sklearn.metrics` is called with `options`; `part` picks one of several results.
    `needs` is what is compared with the truths: predicted labels (or values), or scores, the
    probabilities of the classes. `greater_is_better` is None for what is no number, the confusion
    matrix. `needs_two_classes` says that truths of one class leave nothing to measure, where
    scikit-learn may return 0, 1 or a huge number.
    """

    name: str
    title: str
    definition: str
    function: str
    tasks: frozenset[Task]
    needs: Need = "labels"
    greater_is_better: bool | None = True
    options: Mapping[str, object] = field(default_factory=dict)
    part: int | None = None
    needs_two_classes: bool = False
