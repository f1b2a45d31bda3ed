"""Checks: production over a stretch of time against the baseline, with its verdict."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from core.models import Job
from core.models.fields import OrderedJSONField
from core.timerange import TimeRange


class Check(models.Model):
    """One comparison of a deployment's predictions with the baseline; written once, never changed.

    steady: nothing moved beyond its threshold · drifting: something did · no_data: too few rows to
    judge · failed: nothing to compare with, `problem` says why.

    `window` is the name of the range (`week`), empty for a from-to; `start` and `end` are what was
    really asked. `report` is a `drift.reports.DegradationReport` as JSON; without a baseline it is
    empty and `described` holds an `InitialReport` of the window itself. `thresholds` and `method`
    say how the verdict came about.
    """

    class Status(models.TextChoices):
        STEADY = "steady"
        DRIFTING = "drifting"
        NO_DATA = "no_data"
        FAILED = "failed"

    deployment = models.ForeignKey(
        "deployments.Deployment", on_delete=models.CASCADE, related_name="checks"
    )
    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.CASCADE, related_name="checks"
    )
    baseline = models.ForeignKey(
        "Baseline", null=True, blank=True, on_delete=models.PROTECT, related_name="checks"
    )
    window = models.CharField(max_length=10, blank=True)
    start = models.DateTimeField(null=True, blank=True)
    end = models.DateTimeField()
    status = models.CharField(max_length=10, choices=Status.choices)
    headline = models.TextField()
    problem = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    findings = models.JSONField(default=list)
    rows = models.PositiveIntegerField(default=0)
    columns = models.PositiveIntegerField(default=0)
    changed = models.JSONField(default=list)
    worst_percent = models.FloatField(null=True, blank=True)
    metric = models.CharField(max_length=60, blank=True)
    metric_then = models.FloatField(null=True, blank=True)
    metric_now = models.FloatField(null=True, blank=True)
    thresholds = models.JSONField(default=dict)
    method = models.CharField(max_length=60)
    trigger = models.CharField(max_length=10, choices=Job.Trigger.choices, default=Job.Trigger.USER)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0.0)
    described = OrderedJSONField(default=dict)
    report = OrderedJSONField(default=dict)

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(start__isnull=True) | models.Q(start__lt=models.F("end")),
                name="monitoring_check_start_before_end",
            ),
        ]
        indexes = [
            models.Index(fields=["deployment", "-created"], name="monitoring_check_newest"),
            models.Index(
                fields=["deployment", "window", "-created"], name="monitoring_check_window"
            ),
        ]

    def __str__(self) -> str:
        return f"check {self.pk} of {self.deployment}"

    def get_absolute_url(self) -> str:
        return reverse("monitoring:check", args=[self.pk])

    @property
    def span(self) -> TimeRange:
        """The range that was asked for."""
        return TimeRange(start=self.start, end=self.end, name=self.window)

    @property
    def took(self) -> timedelta:
        return timedelta(seconds=self.seconds)

    @property
    def changed_share(self) -> float:
        """The share of the columns that changed, from 0 to 1."""
        return len(self.changed) / self.columns if self.columns else 0.0
