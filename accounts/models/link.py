"""Links that work once, such as the one that creates the first administrator."""

from django.db import models
from django.utils import timezone


class OneTimeLink(models.Model):
    """A secret in a URL; only its SHA-256 is stored, and using it ends it."""

    class Purpose(models.TextChoices):
        SETUP = "setup"

    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose} link until {self.expires:%Y-%m-%d %H:%M}"
