"""One version put into service under a deployment's name."""

from django.conf import settings
from django.db import models
from django.utils import timezone


class Release(models.Model):
    """A version on its way into service, in it, or past it.

    pending ─► building ─► starting ─► live ─► draining ─► replaced
       └──────────┴───────────┴──► failed  └─► draining ─► stopped   (undeployed)
       └──────────┴───────────┴──► replaced                          (a newer one was asked for)
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        BUILDING = "building"
        STARTING = "starting"
        LIVE = "live"
        DRAINING = "draining"
        REPLACED = "replaced"
        STOPPED = "stopped"
        FAILED = "failed"

    COMING = (Status.PENDING, Status.BUILDING, Status.STARTING)
    SERVED = (Status.STARTING, Status.LIVE)
    """States in which the release's model servers should run."""

    deployment = models.ForeignKey("Deployment", on_delete=models.CASCADE, related_name="releases")
    number = models.PositiveIntegerField()
    model_name = models.CharField(max_length=256)
    version = models.CharField(max_length=20)
    reason = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.PENDING)
    environment = models.ForeignKey(
        "Environment", null=True, blank=True, on_delete=models.SET_NULL, related_name="releases"
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    error = models.TextField(blank=True)
    hint = models.TextField(blank=True)
    description = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(default=timezone.now)
    went_live = models.DateTimeField(null=True, blank=True)
    drains_since = models.DateTimeField(null=True, blank=True)
    ended = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "number"], name="deployments_release_number_unique"
            ),
        ]
        indexes = [models.Index(fields=["status"], name="deployments_release_status")]

    def __str__(self) -> str:
        return f"{self.model_name} version {self.version} (release {self.number})"
