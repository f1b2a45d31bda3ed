"""The ledger of background work: one row per run, whatever carries the message."""

import uuid
from datetime import timedelta

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone

from core.errors import PortalError


class Job(models.Model):
    """One run of background work.

        queued ──► running ──► succeeded
          ▲  │        │  └───► failed
          │  │        └──────► queued      (its worker died and it may be tried again)
          │  └───────────────► cancelled
          └ a failed job is run again as a new row that names it in `retry_of`

    A terminal state is final. While it runs, `owner` (see `core.owners`) holds it by a lease that
    the owner renews; a sweep takes over what nobody renews.
    """

    class Status(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"

    class Trigger(models.TextChoices):
        USER = "user"
        SCHEDULE = "schedule"
        SYSTEM = "system"

    OPEN = (Status.QUEUED, Status.RUNNING)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=80)
    queue = models.CharField(max_length=120)
    subject = models.CharField(max_length=400, blank=True)
    arguments = models.JSONField(default=dict)
    trigger = models.CharField(max_length=10, choices=Trigger.choices, default=Trigger.USER)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    max_attempts = models.PositiveSmallIntegerField(default=3)
    created = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField(default=timezone.now)
    scheduled_for = models.DateTimeField(null=True, blank=True)
    started = models.DateTimeField(null=True, blank=True)
    finished = models.DateTimeField(null=True, blank=True)
    owner = models.CharField(max_length=200, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_status = models.PositiveSmallIntegerField(default=PortalError.http_status)
    hint = models.TextField(blank=True)
    retry_of = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="retries"
    )

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scheduled_for"], name="core_job_one_run_per_schedule"
            ),
            models.UniqueConstraint(
                fields=["retry_of"],
                condition=models.Q(status__in=["queued", "running"]),
                name="core_job_one_open_retry",
            ),
        ]
        indexes = [
            models.Index(fields=["-created"], name="core_job_created"),
            models.Index(fields=["status", "queue", "due"], name="core_job_due"),
            models.Index(fields=["subject", "-created"], name="core_job_subject"),
        ]

    def __str__(self) -> str:
        return f"Job {self.kind} {str(self.pk)[:8]}"

    def get_absolute_url(self) -> str:
        return reverse("job", args=[self.pk])

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def waited(self) -> timedelta | None:
        """How long the job waited for its (last) start."""
        return self.started - self.due if self.started else None

    @property
    def ran(self) -> timedelta | None:
        """How long the job ran, until now if it still does."""
        return (self.finished or timezone.now()) - self.started if self.started else None


class JobLine(models.Model):
    """One line that a job wrote about what it does."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="lines")
    time = models.DateTimeField(default=timezone.now)
    text = models.TextField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text
