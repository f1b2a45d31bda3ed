"""Rows of monitoring: baselines, checks, records of metrics, alarms."""

from monitoring.models.alarm import Alarm
from monitoring.models.baseline import Baseline
from monitoring.models.check import Check
from monitoring.models.metric_record import MetricRecord

__all__ = ["Alarm", "Baseline", "Check", "MetricRecord"]
