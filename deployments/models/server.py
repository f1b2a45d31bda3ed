"""Processes that serve models."""

from django.db import models
from django.utils import timezone


class ModelServer(models.Model):
    """One process (group) that serves a release on one node.

        starting ─► live ─► stopping ─► stopped
           │          └─► restarting ─► starting     (it ended by itself; with back-off)
           └─► failed                                (the release never was live)

    `owner` names the process for certain (`core.owners`); empty while none runs.
    """

    class Status(models.TextChoices):
        STARTING = "starting"
        LIVE = "live"
        RESTARTING = "restarting"
        STOPPING = "stopping"
        STOPPED = "stopped"
        FAILED = "failed"

    RUNNING = (Status.STARTING, Status.LIVE, Status.RESTARTING, Status.STOPPING)

    release = models.ForeignKey("Release", on_delete=models.CASCADE, related_name="servers")
    node = models.CharField(max_length=100)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.STARTING)
    owner = models.CharField(max_length=200, blank=True)
    model_path = models.CharField(max_length=400)
    python = models.CharField(max_length=400)
    started = models.DateTimeField(null=True, blank=True)
    live_since = models.DateTimeField(null=True, blank=True)
    restarts = models.PositiveIntegerField(default=0)
    next_start = models.DateTimeField(default=timezone.now)
    problem = models.TextField(blank=True)
    hint = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["node", "status"], name="deployments_server_node")]

    def __str__(self) -> str:
        return f"model server {self.pk} of {self.release}"
