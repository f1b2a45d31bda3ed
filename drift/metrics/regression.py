"""Metrics of regressors."""

from functools import partial

from drift.metrics.types import MetricType
from drift.tasks import Task

_error = partial(MetricType, tasks=frozenset({Task.REGRESSION}), greater_is_better=False)
_skill = partial(MetricType, tasks=frozenset({Task.REGRESSION}))


def _pinball(alpha: float) -> tuple[MetricType, MetricType]:
    return (
        _error(
            f"pinball_{alpha}",
            f"Pinball loss ({alpha})",
            f"Mean error where a prediction too low counts {alpha} and one too high "
            f"{1 - alpha:.1f}: for models of the {alpha} quantile.",
            "mean_pinball_loss",
            options={"alpha": alpha},
        ),
        _skill(
            f"d2_pinball_{alpha}",
            f"D2 of pinball loss ({alpha})",
            f"Share of the pinball loss gained on always predicting the {alpha} quantile.",
            "d2_pinball_score",
            options={"alpha": alpha},
        ),
    )


REGRESSION_METRICS = (
    _error("mae", "Mean absolute error", "Mean of |truth - prediction|.", "mean_absolute_error"),
    _error("mse", "Mean squared error", "Mean of the squared errors.", "mean_squared_error"),
    _error(
        "rmse",
        "Root mean squared error",
        "Square root of the mean squared error, in the target's unit.",
        "root_mean_squared_error",
    ),
    _error(
        "median_ae",
        "Median absolute error",
        "Half of the rows are missed by less than this.",
        "median_absolute_error",
    ),
    _error("max_error", "Largest error", "The largest |truth - prediction|.", "max_error"),
    _error(
        "mape",
        "Mean absolute percentage error",
        "Mean of |truth - prediction| over |truth|; 1 is 100 %.",
        "mean_absolute_percentage_error",
    ),
    _error(
        "msle",
        "Mean squared log error",
        "Mean squared difference of log(1 + value); values above -1.",
        "mean_squared_log_error",
    ),
    _error(
        "rmsle",
        "Root mean squared log error",
        "Square root of the mean squared log error.",
        "root_mean_squared_log_error",
    ),
    _skill(
        "r2",
        "R2",
        "Share of the truths' variance explained; 0 is always predicting their mean.",
        "r2_score",
    ),
    _skill(
        "explained_variance",
        "Explained variance",
        "Like R2, but a constant error costs nothing.",
        "explained_variance_score",
    ),
    _error(
        "poisson_deviance",
        "Poisson deviance",
        "Mean deviance for counts: truths at least 0, predictions above 0.",
        "mean_poisson_deviance",
    ),
    _error(
        "gamma_deviance",
        "Gamma deviance",
        "Mean deviance of relative errors: truths and predictions above 0.",
        "mean_gamma_deviance",
    ),
    _skill(
        "d2_absolute_error",
        "D2 of absolute error",
        "Share of the absolute error gained on always predicting the median.",
        "d2_absolute_error_score",
    ),
    _error(
        "tweedie_deviance_1.5",
        "Tweedie deviance (1.5)",
        "Mean deviance between Poisson's and gamma's: for many zeros and a long tail.",
        "mean_tweedie_deviance",
        options={"power": 1.5},
    ),
    _skill(
        "d2_tweedie_1.5",
        "D2 of Tweedie deviance (1.5)",
        "Share of the Tweedie deviance gained on always predicting the mean.",
        "d2_tweedie_score",
        options={"power": 1.5},
    ),
    *_pinball(0.1),
    *_pinball(0.9),
)
