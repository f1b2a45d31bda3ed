"""Start of the monitoring app."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """Baselines, checks, reports, metrics and alarms of deployed models."""

    name = "monitoring"
