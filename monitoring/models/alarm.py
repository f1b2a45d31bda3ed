"""Alarms: one row per cause, however many checks saw it."""

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone


class Alarm(models.Model):
    """Something about a deployment that a person should look at.

        open ──► acknowledged ──► resolved ──► returned ──► acknowledged …
          └────────────────────────►│             └────────► resolved

    It is resolved by a person, or by the portal when a check finds the cause gone (`resolved_by`
    is empty then). A cause that comes back within 30 days of that is the same alarm, returned.
    `newest_check` is the newest check that saw it.
    """

    class Cause(models.TextChoices):
        DRIFT = "drift", "data drift"
        METRICS = "metrics", "loss of quality"

    class Status(models.TextChoices):
        OPEN = "open"
        ACKNOWLEDGED = "acknowledged"
        RESOLVED = "resolved"
        RETURNED = "returned"

    UNRESOLVED = (Status.OPEN, Status.ACKNOWLEDGED, Status.RETURNED)
    UNATTENDED = (Status.OPEN, Status.RETURNED)

    deployment = models.ForeignKey(
        "deployments.Deployment", on_delete=models.CASCADE, related_name="alarms"
    )
    cause = models.CharField(max_length=20, choices=Cause.choices)
    title = models.TextField()
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.OPEN)
    opened = models.DateTimeField(default=timezone.now)
    last_seen = models.DateTimeField(default=timezone.now)
    times_seen = models.PositiveIntegerField(default=1)
    newest_check = models.ForeignKey(
        "Check", null=True, blank=True, on_delete=models.SET_NULL, related_name="alarms"
    )
    returned = models.DateTimeField(null=True, blank=True)
    acknowledged = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolved = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-last_seen", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "cause"],
                condition=~models.Q(status="resolved"),
                name="monitoring_alarm_one_per_cause",
            ),
        ]
        indexes = [
            models.Index(fields=["status", "-last_seen"], name="monitoring_alarm_status"),
        ]

    def __str__(self) -> str:
        return f"alarm {self.pk} ({self.cause}) of {self.deployment}"

    def get_absolute_url(self) -> str:
        return reverse("monitoring:alarm", args=[self.pk])

    @property
    def is_resolved(self) -> bool:
        return self.status == self.Status.RESOLVED

    @property
    def is_attended(self) -> bool:
        """Whether a person has seen it, or it is over."""
        return self.status not in self.UNATTENDED
