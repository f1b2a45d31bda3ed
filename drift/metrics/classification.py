"""Metrics of classifiers, from predicted labels and from probabilities.

The positive class is the second of two. An average counts a class for which the metric is not
defined (never predicted, say) as 0; a metric of the positive class is then unknown.
"""

from functools import partial

from drift.metrics.types import MetricType
from drift.tasks import CLASSIFICATION, Task

_BINARY = frozenset({Task.BINARY})
_MULTICLASS = frozenset({Task.MULTICLASS})

_AVERAGES = {
    "macro": "the plain mean over the classes",
    "micro": "all classes counted together",
    "weighted": "the mean over the classes, weighted by their true rows",
}
_PER_CLASS = (
    ("precision", "Precision", "Share of the rows predicted as a class that belong to it"),
    ("recall", "Recall", "Share of a class's rows that are predicted as it"),
    ("f1", "F1", "Harmonic mean of precision and recall"),
    ("jaccard", "Jaccard index", "Rows in both sets, true and predicted, over rows in either"),
)

_label = partial(MetricType, tasks=CLASSIFICATION)
_loss = partial(MetricType, tasks=CLASSIFICATION, greater_is_better=False)
_binary = partial(MetricType, tasks=_BINARY)
_score = partial(MetricType, tasks=_BINARY, needs="scores")


def _positive_class() -> tuple[MetricType, ...]:
    return tuple(
        _binary(f"{name}_binary", title, f"{meaning}; the positive class alone.", f"{name}_score")
        for name, title, meaning in _PER_CLASS
    )


def _averaged() -> tuple[MetricType, ...]:
    return tuple(
        _label(
            f"{name}_{average}",
            f"{title} ({average})",
            f"{meaning}; {how}.",
            f"{name}_score",
            options={"average": average, "zero_division": 0},
        )
        for average, how in _AVERAGES.items()
        for name, title, meaning in _PER_CLASS
    )


def _fbeta(beta: float, more: str, less: str) -> MetricType:
    return _label(
        f"fbeta_{beta:g}_weighted",
        f"F{beta:g} (weighted)",
        f"Like F1, with {more} counted twice as important as {less}.",
        "fbeta_score",
        options={"beta": beta, "average": "weighted", "zero_division": 0},
    )


def _auc(pairing: str, average: str) -> MetricType:
    pairs = "each class against the rest" if pairing == "ovr" else "each pair of classes"
    return _score(
        f"roc_auc_{pairing}_{average}",
        f"ROC AUC ({pairing}, {average})",
        f"Area under the ROC curve for {pairs}; {_AVERAGES[average]}.",
        "roc_auc_score",
        needs_two_classes=True,
        tasks=_MULTICLASS,
        options={"multi_class": pairing, "average": average},
    )


_FROM_LABELS = (
    _label("accuracy", "Accuracy", "Share of rows predicted right.", "accuracy_score"),
    _label(
        "balanced_accuracy",
        "Balanced accuracy",
        "Mean over the true classes of the share predicted right.",
        "balanced_accuracy_score",
    ),
    _label(
        "matthews_corrcoef",
        "Matthews correlation",
        "Correlation of true and predicted classes: 1 perfect, 0 chance.",
        "matthews_corrcoef",
        needs_two_classes=True,
    ),
    _label(
        "cohen_kappa",
        "Cohen's kappa",
        "Agreement beyond what the two shares of classes would give by chance.",
        "cohen_kappa_score",
        needs_two_classes=True,
    ),
    _loss("hamming_loss", "Hamming loss", "Share of labels predicted wrong.", "hamming_loss"),
    _loss("zero_one_loss", "Zero-one loss", "Share of rows predicted wrong.", "zero_one_loss"),
    *_positive_class(),
    *_averaged(),
    _fbeta(2.0, "recall", "precision"),
    _fbeta(0.5, "precision", "recall"),
    _binary(
        "specificity",
        "Specificity",
        "Share of the negative class's rows that are predicted as negative.",
        "recall_score",
        options={"pos_label": 0},
    ),
    _label(
        "cohen_kappa_quadratic",
        "Cohen's kappa (quadratic)",
        "Cohen's kappa where a miss counts by the square of its distance in the order of classes.",
        "cohen_kappa_score",
        needs_two_classes=True,
        options={"weights": "quadratic"},
    ),
    _label(
        "confusion_matrix",
        "Confusion matrix",
        "Rows counted by their true class (down) and predicted class (across).",
        "confusion_matrix",
        greater_is_better=None,
    ),
    _binary(
        "class_likelihood_ratios_positive",
        "Positive likelihood ratio",
        "Recall over the false positive rate: how much a positive answer raises the odds.",
        "class_likelihood_ratios",
        options={"labels": [0, 1]},
        needs_two_classes=True,
        part=0,
    ),
    _binary(
        "class_likelihood_ratios_negative",
        "Negative likelihood ratio",
        "False negative rate over specificity: how much a negative answer lowers the odds.",
        "class_likelihood_ratios",
        options={"labels": [0, 1]},
        needs_two_classes=True,
        greater_is_better=False,
        part=1,
    ),
)

_FROM_SCORES = (
    _score(
        "roc_auc",
        "ROC AUC",
        "Chance that a positive row scores above a negative one.",
        "roc_auc_score",
        needs_two_classes=True,
    ),
    _score(
        "average_precision",
        "Average precision",
        "Mean precision over the steps of recall as the score's limit falls.",
        "average_precision_score",
        needs_two_classes=True,
    ),
    _score(
        "brier",
        "Brier score",
        "Mean squared difference of probability and outcome.",
        "brier_score_loss",
        greater_is_better=False,
    ),
    _score(
        "d2_brier",
        "D2 of the Brier score",
        "Share of the Brier score gained on always predicting the class shares.",
        "d2_brier_score",
        needs_two_classes=True,
    ),
    _score(
        "log_loss",
        "Log loss",
        "Mean of minus the logarithm of the probability given to the true class.",
        "log_loss",
        tasks=CLASSIFICATION,
        greater_is_better=False,
    ),
    _score(
        "d2_log_loss",
        "D2 of log loss",
        "Share of the log loss gained on always predicting the class shares.",
        "d2_log_loss_score",
        needs_two_classes=True,
        tasks=CLASSIFICATION,
    ),
    _auc("ovr", "macro"),
    _auc("ovo", "macro"),
    _auc("ovr", "weighted"),
    _auc("ovo", "weighted"),
    _score(
        "top_2_accuracy",
        "Top-2 accuracy",
        "Share of rows whose true class is among the two most probable.",
        "top_k_accuracy_score",
        tasks=_MULTICLASS,
        options={"k": 2},
    ),
)

CLASSIFICATION_METRICS = (*_FROM_LABELS, *_FROM_SCORES)
