"""Writes of monitoring that pages and REST call; those that compute are in modules of their own.

`baselines`, `checks` and `evaluations` import pandas and scikit-learn and run in jobs.
"""

from monitoring.services.alarms import acknowledge, resolve
from monitoring.services.requests import (
    request_baseline,
    request_bundle,
    request_check,
    request_checks,
    request_evaluation,
    request_missing_baselines,
)
from monitoring.services.tidying import tidy_up

__all__ = [
    "acknowledge",
    "request_baseline",
    "request_bundle",
    "request_check",
    "request_checks",
    "request_evaluation",
    "request_missing_baselines",
    "resolve",
    "tidy_up",
]
