"""Reads of monitoring: baselines, checks, records of metrics, alarms; none computes statistics."""

from monitoring.selectors.alarms import alarm, alarms, open_alarms, unattended_alarm_count
from monitoring.selectors.baselines import (
    baseline,
    baseline_of,
    built_baseline,
    open_baseline_job,
    versions_without_baseline,
)
from monitoring.selectors.checks import (
    DriftState,
    check,
    checks,
    checks_of_alarm,
    drift_states,
    neighbours,
    open_check_job,
)
from monitoring.selectors.metrics import metric_record, metric_records, original_metrics
from monitoring.selectors.versions import live_deployments, version_of

__all__ = [
    "DriftState",
    "alarm",
    "alarms",
    "baseline",
    "baseline_of",
    "built_baseline",
    "check",
    "checks",
    "checks_of_alarm",
    "drift_states",
    "live_deployments",
    "metric_record",
    "metric_records",
    "neighbours",
    "open_alarms",
    "open_baseline_job",
    "open_check_job",
    "original_metrics",
    "unattended_alarm_count",
    "version_of",
    "versions_without_baseline",
]
