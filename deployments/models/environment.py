"""Virtual environments that models run in."""

from django.db import models
from django.utils import timezone


class Environment(models.Model):
    """One environment of one node, shared by all versions with the same locked requirements.

    building ─► ready        building ─► failed ─► building
    """

    class Status(models.TextChoices):
        BUILDING = "building"
        READY = "ready"
        FAILED = "failed"

    node = models.CharField(max_length=100)
    digest = models.CharField(max_length=64)
    python_version = models.CharField(max_length=20)
    lock = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.BUILDING)
    problem = models.TextField(blank=True)
    seconds = models.FloatField(null=True, blank=True)
    size = models.BigIntegerField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now)
    last_used = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["node", "digest"], name="deployments_environment_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"environment {self.digest[:12]}"

    @property
    def package_count(self) -> int:
        """How many packages are installed in it."""
        return sum("==" in line for line in self.lock.splitlines())
