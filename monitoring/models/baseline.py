"""Baselines: what a version's data looked like before it went into production."""

from pathlib import Path

from django.db import models
from django.utils import timezone

from core.folders import private_folder
from core.models.fields import OrderedJSONField


class Baseline(models.Model):
    """What production is compared with: the initial report of a version's training set.

    A version has one `is_current` at most; older ones stay while a check was made against them.
    `report` is a `drift.reports.InitialReport` as JSON, or empty: then `problem` says why in a
    sentence. With a report, `problem` says what it lacks. `origin` is the fingerprint of what it
    was built from: a new upload or another target tag makes the row stale.
    """

    class Source(models.TextChoices):
        TRAINING = "training"
        UPLOAD = "upload"
        PRODUCTION = "production"

    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.CASCADE, related_name="baselines"
    )
    is_current = models.BooleanField(default=True)
    source = models.CharField(max_length=10, choices=Source.choices, blank=True)
    label = models.CharField(max_length=400, blank=True)
    origin = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(default=0)
    target = models.CharField(max_length=400, blank=True)
    task = models.CharField(max_length=20, blank=True)
    asked_model = models.BooleanField(default=False)
    problem = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    created = models.DateTimeField(default=timezone.now)
    seconds = models.FloatField(default=0.0)
    report = OrderedJSONField(default=dict)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["version"],
                condition=models.Q(is_current=True),
                name="monitoring_baseline_one_current",
            ),
        ]

    def __str__(self) -> str:
        return f"baseline of {self.version}"

    @property
    def is_built(self) -> bool:
        """Whether there is a report to compare with."""
        return bool(self.report)

    @property
    def is_provisional(self) -> bool:
        """Whether it stands on the first production rows, as there is no training set."""
        return self.source == self.Source.PRODUCTION

    @property
    def file(self) -> Path:
        """The inputs and the target, row by row, as Parquet."""
        return private_folder("baselines") / f"{self.pk}.parquet"
