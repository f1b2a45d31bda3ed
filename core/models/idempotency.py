"""Answers to requests that carried an `Idempotency-Key`, so that a retry creates nothing twice."""

from django.db import models
from django.utils import timezone


class IdempotentRequest(models.Model):
    """One keyed POST of one caller; `answer` is empty while the first of them still runs."""

    caller = models.CharField(max_length=100)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    created = models.DateTimeField(default=timezone.now, db_index=True)
    status_code = models.PositiveSmallIntegerField(null=True, blank=True)
    answer = models.BinaryField(null=True, blank=True)
    content_type = models.CharField(max_length=100, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["caller", "key"], name="core_idempotency_caller_key"),
        ]

    def __str__(self) -> str:
        return f"{self.caller} {self.key}"
