"""Rows of monitoring as REST shows them; pages offer the same objects as files."""

from typing import Any

from rest_framework import serializers

from monitoring.models import Alarm, Baseline, Check, MetricRecord


class CheckSerializer(serializers.ModelSerializer[Check]):
    """A check without its report."""

    deployment = serializers.CharField(source="deployment.name", read_only=True)
    model = serializers.CharField(source="version.model.name", read_only=True)
    version = serializers.CharField(source="version.version", read_only=True)
    actor = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)

    class Meta:
        model = Check
        fields = (
            *("id", "deployment", "model", "version", "baseline", "window", "start", "end"),
            *("status", "headline", "problem", "hint", "findings", "rows", "columns", "changed"),
            *("worst_percent", "metric", "metric_then", "metric_now", "thresholds", "method"),
            *("trigger", "actor", "created", "seconds"),
        )
        read_only_fields = fields


class BaselineSerializer(serializers.ModelSerializer[Baseline]):
    """Where a baseline comes from, and what is amiss with it."""

    model = serializers.CharField(source="version.model.name", read_only=True)
    version = serializers.CharField(source="version.version", read_only=True)

    class Meta:
        model = Baseline
        fields = (
            "id",
            "model",
            "version",
            "source",
            "label",
            "is_provisional",
            "problem",
            "created",
        )
        read_only_fields = fields


class InitialReportSerializer(serializers.Serializer[Baseline]):
    """An initial report (`drift.reports.InitialReport`), and the baseline that it is of."""

    baseline = BaselineSerializer(read_only=True)
    rows = serializers.IntegerField(read_only=True)
    task = serializers.CharField(read_only=True)
    inputs = serializers.ListField(child=serializers.CharField(), read_only=True)
    target = serializers.CharField(read_only=True, allow_null=True)
    classes = serializers.ListField(child=serializers.CharField(), read_only=True)
    columns = serializers.DictField(read_only=True, help_text="By name: bins and measure.")
    prediction = serializers.DictField(read_only=True, allow_null=True)
    metrics = serializers.DictField(read_only=True, allow_null=True)
    clusters = serializers.DictField(read_only=True)
    cluster_labels = serializers.CharField(read_only=True, allow_null=True)
    correlation = serializers.DictField(read_only=True)
    notes = serializers.ListField(child=serializers.CharField(), read_only=True)

    def to_representation(self, instance: Baseline) -> dict[str, Any]:
        """Return the report as it is stored, with its baseline."""
        return {"baseline": BaselineSerializer(instance).data, **instance.report}


class DegradationReportSerializer(serializers.Serializer[Check]):
    """A degradation report (`drift.reports.DegradationReport`), and the check that it is of.

    Without a baseline its parts are empty, `check.problem` says why, and `described` is an initial
    report of what came in.
    """

    check = CheckSerializer(read_only=True)
    rows = serializers.IntegerField(read_only=True)
    start = serializers.CharField(read_only=True, allow_null=True)
    end = serializers.CharField(read_only=True, allow_null=True)
    headline = serializers.CharField(read_only=True)
    findings = serializers.ListField(child=serializers.CharField(), read_only=True)
    columns = serializers.ListField(child=serializers.DictField(), read_only=True)
    prediction = serializers.DictField(read_only=True, allow_null=True)
    target = serializers.DictField(read_only=True, allow_null=True)
    metrics = serializers.DictField(read_only=True, allow_null=True)
    clusters = serializers.ListField(child=serializers.DictField(), read_only=True)
    correlation = serializers.DictField(read_only=True, allow_null=True)
    evolution = serializers.DictField(read_only=True, allow_null=True)
    notes = serializers.ListField(child=serializers.CharField(), read_only=True)
    described = serializers.DictField(read_only=True)

    def to_representation(self, instance: Check) -> dict[str, Any]:
        """Return the report as it is stored, with its check."""
        return {
            "check": CheckSerializer(instance).data,
            **(instance.report or {**_NO_REPORT, "rows": instance.rows}),
            "headline": instance.headline,
            "described": instance.described,
        }


_NO_REPORT: dict[str, Any] = {
    **{"start": None, "end": None, "findings": [], "columns": [], "prediction": None},
    **{"target": None, "metrics": None, "clusters": [], "correlation": None, "evolution": None},
    "notes": [],
}


class MetricRecordSerializer(serializers.ModelSerializer[MetricRecord]):
    """One evaluation; `metrics` holds task, values, reasons and the confusion matrix."""

    model = serializers.CharField(source="version.model.name", read_only=True)
    version = serializers.CharField(source="version.version", read_only=True)
    metrics = serializers.DictField(read_only=True)

    class Meta:
        model = MetricRecord
        fields = ("id", "model", "version", "kind", "window", "rows", "who", "created", "metrics")
        read_only_fields = fields


class AlarmSerializer(serializers.ModelSerializer[Alarm]):
    """An alarm with the newest check that saw it."""

    deployment = serializers.CharField(source="deployment.name", read_only=True)
    check_id = serializers.IntegerField(source="newest_check_id", read_only=True, allow_null=True)
    acknowledged_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)
    resolved_by = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)

    class Meta:
        model = Alarm
        fields = (
            *("id", "deployment", "cause", "title", "status", "opened", "last_seen"),
            *("times_seen", "check_id", "returned", "acknowledged", "acknowledged_by"),
            *("resolved", "resolved_by"),
        )
        read_only_fields = fields


class LabelledSerializer(serializers.Serializer[Any]):
    """A scoring request, in one of MLflow's four forms, with the true value of each row."""

    dataframe_split = serializers.DictField(required=False)
    dataframe_records = serializers.ListField(child=serializers.DictField(), required=False)
    instances = serializers.ListField(required=False)
    inputs = serializers.JSONField(required=False)
    truths = serializers.ListField(child=serializers.JSONField(), help_text="One per row.")
