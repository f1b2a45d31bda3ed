"""Who did what: one row per act that changed something or touched access."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class AuditEntry(models.Model):
    """One act, written in the transaction of the act itself and never changed.

    `who` keeps the name of people who are gone; `before` and `after` hold what changed.
    """

    time = models.DateTimeField(default=timezone.now, db_index=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    who = models.CharField(max_length=200)
    door = models.CharField(max_length=20)
    address = models.CharField(max_length=64, blank=True)
    token = models.CharField(max_length=100, blank=True)
    action = models.CharField(max_length=80)
    object = models.CharField(max_length=400)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.who} {self.action} {self.object}"
