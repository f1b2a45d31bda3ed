"""Tasks: what kind of answer a model gives, which decides the metrics that apply."""

from collections.abc import Iterable
from enum import StrEnum


class Task(StrEnum):
    """What a model predicts: one of two classes, one of several, a number, or an order."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    RANKING = "ranking"

    @property
    def is_classification(self) -> bool:
        """Whether the answers are classes."""
        return self in CLASSIFICATION


CLASSIFICATION = frozenset({Task.BINARY, Task.MULTICLASS})


def task_of_classes(labels: Iterable[str]) -> Task:
    """Return the classification task for these classes: binary up to two of them."""
    return Task.BINARY if len(set(labels)) <= 2 else Task.MULTICLASS
