"""Pages of drift and alarms."""

from monitoring.views.alarms import acknowledge, alarm, alarms, resolve
from monitoring.views.checks import check, check_html, check_json, check_zip, column
from monitoring.views.deployments import (
    deployment,
    drift,
    initial,
    initial_html,
    initial_json,
    initial_zip,
    metrics,
    rebuild,
    run,
)

__all__ = [
    "acknowledge",
    "alarm",
    "alarms",
    "check",
    "check_html",
    "check_json",
    "check_zip",
    "column",
    "deployment",
    "drift",
    "initial",
    "initial_html",
    "initial_json",
    "initial_zip",
    "metrics",
    "rebuild",
    "resolve",
    "run",
]
