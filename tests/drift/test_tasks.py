"""Two classes are binary, more are multiclass."""

import pytest

from drift.tasks import Task, task_of_classes


@pytest.mark.parametrize(
    ("labels", "task"),
    [([], Task.BINARY), (["a"], Task.BINARY), (["a", "b", "a"], Task.BINARY),
     (["a", "b", "c"], Task.MULTICLASS)],
)  # fmt: skip
def test_the_task_follows_from_the_number_of_classes(labels: list[str], task: Task) -> None:
    assert task_of_classes(labels) is task
    assert task.is_classification


def test_regression_and_ranking_have_no_classes() -> None:
    assert not Task.REGRESSION.is_classification
    assert not Task.RANKING.is_classification
