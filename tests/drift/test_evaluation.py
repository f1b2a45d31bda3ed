"""Every metric equals scikit-learn's on the raw rows, or is unknown for a stated reason."""

import functools

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from drift.evaluation import Evaluation, evaluate, evaluate_confusion, evaluate_values
from drift.metrics import METRIC_TYPES, MetricType, metrics_of
from drift.tasks import Task
from tests.drift.samples import quick

RANDOM = np.random.default_rng(17)
WORDS = np.array(["bad", "fair", "good", "very good"])


def direct(metric: MetricType, *arrays: object, **keywords: object) -> float:
    """Call scikit-learn on the rows themselves."""
    result = getattr(sklearn.metrics, metric.function)(*arrays, **metric.options, **keywords)
    return result if metric.part is None else result[metric.part]


def binary_rows() -> tuple[np.ndarray, np.ndarray]:
    truths = RANDOM.integers(0, 2, 400)
    return truths, np.clip(truths * 0.3 + RANDOM.random(400) * 0.7, 0.01, 0.99)


def class_rows() -> tuple[np.ndarray, np.ndarray]:
    truths = RANDOM.integers(0, 4, 400)
    scores = RANDOM.random((400, 4)) + np.eye(4)[truths] * 0.4
    return truths, scores / scores.sum(axis=1, keepdims=True)


BINARY = binary_rows()
CLASSES = class_rows()


@functools.cache
def evaluated(task: Task, score_columns: int = 1) -> Evaluation:
    """Evaluate the rows of a task once for the tests of all its metrics."""
    if task is Task.BINARY:
        truths, scores = BINARY
        both = np.column_stack([1 - scores, scores])
        return evaluate(
            task=task,
            truths=truths,
            predictions=(scores > 0.5).astype(int),
            scores=scores if score_columns == 1 else both,
        )
    truths, scores = CLASSES
    return evaluate(
        task=task,
        truths=WORDS[truths],
        predictions=WORDS[scores.argmax(axis=1)],
        scores=scores,
        labels=list(WORDS),
    )


@pytest.mark.parametrize("metric", metrics_of(Task.BINARY, "labels"), ids=lambda m: m.name)
def test_binary_metrics_of_labels(metric: MetricType) -> None:
    truths, scores = BINARY
    expected = direct(metric, truths, (scores > 0.5).astype(int))
    assert evaluated(Task.BINARY).values[metric.name] == pytest.approx(expected)


@pytest.mark.parametrize("metric", metrics_of(Task.BINARY, "scores"), ids=lambda m: m.name)
@pytest.mark.parametrize("columns", [1, 2])
def test_binary_metrics_of_scores(metric: MetricType, columns: int) -> None:
    expected = direct(metric, *BINARY)
    assert evaluated(Task.BINARY, columns).values[metric.name] == pytest.approx(expected)


@pytest.mark.parametrize("metric", metrics_of(Task.MULTICLASS, "labels"), ids=lambda m: m.name)
def test_metrics_of_several_classes_by_name(metric: MetricType) -> None:
    truths, scores = CLASSES
    expected = direct(metric, WORDS[truths], WORDS[scores.argmax(axis=1)])
    assert evaluated(Task.MULTICLASS).values[metric.name] == pytest.approx(expected)


@pytest.mark.parametrize("metric", metrics_of(Task.MULTICLASS, "scores"), ids=lambda m: m.name)
def test_metrics_of_scores_of_several_classes(metric: MetricType) -> None:
    expected = direct(metric, *CLASSES)
    assert evaluated(Task.MULTICLASS).values[metric.name] == pytest.approx(expected)


@pytest.mark.parametrize("metric", metrics_of(Task.REGRESSION, "labels"), ids=lambda m: m.name)
def test_metrics_of_numbers(metric: MetricType) -> None:
    truths = RANDOM.gamma(2, 3, 200)
    predictions = truths * RANDOM.uniform(0.5, 1.5, 200)
    found = evaluate(task=Task.REGRESSION, truths=truths, predictions=predictions)
    assert found.values[metric.name] == pytest.approx(direct(metric, truths, predictions))


@pytest.mark.parametrize("metric", metrics_of(Task.RANKING, "scores"), ids=lambda m: m.name)
def test_metrics_of_rankings(metric: MetricType) -> None:
    gains, scores = RANDOM.integers(0, 2, (50, 6)), RANDOM.random((50, 6))
    found = evaluate(task=Task.RANKING, truths=gains, predictions=scores)
    assert found.rows == 50
    assert found.values[metric.name] == pytest.approx(direct(metric, gains, scores))


def test_named_metrics_are_what_their_names_say() -> None:
    # 5 true negatives, 3 false positives, 2 false negatives, 10 true positives
    truths, predictions = [0] * 8 + [1] * 12, [0] * 5 + [1] * 3 + [0] * 2 + [1] * 10
    found = evaluate(task=Task.BINARY, truths=truths, predictions=predictions).values
    precision, recall = 10 / 13, 10 / 12
    expected = {
        "specificity": 5 / 8,
        "recall_binary": recall,
        "precision_binary": precision,
        "recall_macro": (recall + 5 / 8) / 2,
        "recall_weighted": (12 * recall + 8 * 5 / 8) / 20,
        "precision_micro": 15 / 20,
        "jaccard_binary": 10 / 15,
        "class_likelihood_ratios_positive": recall / (3 / 8),
        "class_likelihood_ratios_negative": (2 / 12) / (5 / 8),
    }
    for beta in (2, 0.5):
        both = [(precision, recall, 12), (5 / 7, 5 / 8, 8)]
        parts = [(1 + beta**2) * p * r / (beta**2 * p + r) * rows for p, r, rows in both]
        expected[f"fbeta_{beta}_weighted"] = sum(parts) / 20
    assert {name: found[name] for name in expected} == pytest.approx(expected)


def test_pinball_loss_weighs_too_low_by_its_quantile() -> None:
    found = evaluate(task=Task.REGRESSION, truths=[10.0, 10.0], predictions=[8.0, 11.0]).values
    assert found["pinball_0.1"] == pytest.approx((0.1 * 2 + 0.9 * 1) / 2)
    assert found["pinball_0.9"] == pytest.approx((0.9 * 2 + 0.1 * 1) / 2)


def test_every_number_of_the_table_was_compared() -> None:
    compared = {
        metric.name
        for task in Task
        for needs in ("labels", "scores")
        for metric in metrics_of(task, needs)
    }
    assert METRIC_TYPES.keys() - compared == {"confusion_matrix"}


def test_classes_with_many_digits_keep_their_numeric_order_in_quadratic_kappa() -> None:
    truths, predictions = RANDOM.integers(8, 12, 100), RANDOM.integers(8, 12, 100)
    found = evaluate(task=Task.MULTICLASS, truths=truths, predictions=predictions)
    expected = sklearn.metrics.cohen_kappa_score(truths, predictions, weights="quadratic")
    assert found.values["cohen_kappa_quadratic"] == pytest.approx(expected)


@pytest.mark.parametrize("spelled", [int, float, str, bool])
def test_the_type_of_the_answers_does_not_matter(spelled: type) -> None:
    truths, scores = BINARY
    predictions = (scores > 0.5).astype(int)
    plain = evaluate(task=Task.BINARY, truths=truths, predictions=predictions)
    other = evaluate(task=Task.BINARY, truths=[spelled(t) for t in truths], predictions=predictions)
    assert other == plain


def test_rows_without_truth_are_left_out() -> None:
    found = evaluate(
        task=Task.BINARY,
        truths=[1, None, 0, np.nan],
        predictions=[1, 1, 1, 0],
        scores=[0.9, 0.8, 0.7, 0.6],
    )
    assert found.rows == 2
    assert found.values["accuracy"] == 0.5
    assert found.values["brier"] == pytest.approx((0.1**2 + 0.7**2) / 2)


def test_a_window_of_one_class_has_the_metrics_that_make_sense() -> None:
    found = evaluate(
        task=Task.BINARY,
        truths=["good"] * 3,
        predictions=["good", "good", "bad"],
        scores=[0.9, 0.8, 0.2],
        labels=["bad", "good"],
    )
    assert found.values["accuracy"] == pytest.approx(2 / 3)
    assert found.values["recall_binary"] == pytest.approx(2 / 3)
    unknown = {name for name, value in found.values.items() if value is None}
    assert unknown == found.reasons.keys()
    assert {"roc_auc", "matthews_corrcoef", "cohen_kappa", "d2_log_loss"} <= unknown
    assert found.reasons["roc_auc"] == "All truths are of one class, and it needs rows of two."


def test_a_class_the_model_does_not_know_leaves_the_rest_of_the_metrics() -> None:
    found = evaluate(
        task=Task.BINARY,
        truths=["good", "bad", "corked"],
        predictions=["good", "bad", "bad"],
        scores=[0.9, 0.1, 0.2],
        labels=["bad", "good"],
    )
    assert found.values["accuracy"] == pytest.approx(2 / 3)
    assert found.values["f1_binary"] is None
    assert found.reasons["f1_binary"] == "It takes two classes; known are: bad, good, corked."
    assert "there are 1; classes: bad, good, corked" in found.reasons["roc_auc"]


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        ([["a", "b"]] * 2, "not numbers"),
        ([[0.5, 0.5], [1.0]], "equally many"),
        ([0.5], "for 1 rows of 2"),
        ([[0.5, np.nan]] * 2, "missing or infinite"),
        ([[0.5, 0.9]] * 2, "not probabilities"),
        ([[1.5, -0.5]] * 2, "not probabilities"),
        ([[0.5, 0.3, 0.2]] * 2, "there are 3; classes: 0, 1"),
    ],
)
def test_unusable_scores_are_explained(scores: list[list[object]], reason: str) -> None:
    found = evaluate(task=Task.BINARY, truths=[0, 1], predictions=[0, 1], scores=scores)
    assert found.values["accuracy"] == 1.0
    for metric in metrics_of(Task.BINARY, "scores"):
        assert found.values[metric.name] is None
        assert reason in found.reasons[metric.name]


@pytest.mark.parametrize("task", [Task.BINARY, Task.MULTICLASS, Task.REGRESSION])
def test_no_rows_are_no_metrics(task: Task) -> None:
    found = evaluate(task=task, truths=[None], predictions=[1])
    assert found.rows == 0
    assert set(found.values.values()) == {None}
    assert set(found.reasons.values()) == {"There is no row with both a truth and a prediction."}


def test_what_a_logarithm_does_not_take_is_said_in_its_own_words() -> None:
    found = evaluate(task=Task.REGRESSION, truths=[1.0, -3.0], predictions=[1.0, 2.0])
    assert found.values["mae"] == 2.5
    assert found.values["msle"] is None
    assert "Logarithmic" in found.reasons["msle"]


def test_an_infinite_prediction_is_said() -> None:
    found = evaluate_values(np.array([1.0, 2.0]), np.array([1.0, np.inf]))
    assert set(found.reasons.values()) == {"Some truths or predictions are infinite."}


def test_a_choice_of_metrics_is_computed_from_a_matrix_alone() -> None:
    truths, scores = CLASSES
    whole = evaluate(task=Task.MULTICLASS, truths=truths, predictions=scores.argmax(axis=1))
    assert whole.confusion is not None
    part = evaluate_confusion(Task.MULTICLASS, whole.confusion, ["accuracy", "f1_macro"])
    assert part.values == {name: whole.values[name] for name in ("accuracy", "f1_macro")}


ANSWERS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 2.5, "1", "x", True, None, np.inf]),
        st.sampled_from([0, 1, 2.5, "0", "y", False, None, 1e308]),
        st.floats(-0.5, 1.5) | st.just(np.nan),
    ),
    max_size=8,
)


@quick
@given(st.sampled_from([Task.BINARY, Task.MULTICLASS, Task.REGRESSION]), ANSWERS)
def test_no_answers_raise_and_every_unknown_has_its_reason(
    task: Task, rows: list[tuple[object, object, float]]
) -> None:
    truths, predictions, scores = ([row[at] for row in rows] for at in range(3))
    found: Evaluation = evaluate(
        task=task, truths=truths, predictions=predictions, scores=np.array(scores)
    )
    assert found.values.keys() >= {metric.name for metric in metrics_of(task, "labels")}
    for name, value in found.values.items():
        assert (value is None) == (name in found.reasons)
        assert value is None or np.isfinite(value)
