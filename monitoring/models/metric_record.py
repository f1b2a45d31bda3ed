"""The history of metrics: what a model scored, on which truths, and when."""

from django.db import models
from django.utils import timezone

from core.models.fields import OrderedJSONField


class MetricRecord(models.Model):
    """One evaluation of a version, kept for good.

    original: on the baseline, when that was built; it belongs to the version, so `deployment` is
    empty · posted: on labelled data that somebody sent, answered by the live model · truths: on
    the true values that came for logged predictions, as a check of `window` found them.

    `metrics` is a `drift.evaluation.Evaluation` as JSON, confusion matrix included.
    """

    class Kind(models.TextChoices):
        ORIGINAL = "original"
        POSTED = "posted"
        TRUTHS = "truths"

    version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.CASCADE, related_name="metric_records"
    )
    deployment = models.ForeignKey(
        "deployments.Deployment",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="metric_records",
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    baseline = models.OneToOneField(
        "Baseline", null=True, blank=True, on_delete=models.CASCADE, related_name="metric_record"
    )
    window = models.CharField(max_length=10, blank=True)
    rows = models.PositiveIntegerField()
    metrics = OrderedJSONField()
    who = models.CharField(max_length=200, blank=True)
    created = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="original", deployment__isnull=True)
                | (~models.Q(kind="original") & models.Q(deployment__isnull=False)),
                name="monitoring_metrics_original_of_version",
            ),
        ]
        indexes = [
            models.Index(fields=["deployment", "-created"], name="monitoring_metrics_newest"),
            models.Index(fields=["version", "kind"], name="monitoring_metrics_version"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} metrics of {self.version} on {self.rows} rows"
