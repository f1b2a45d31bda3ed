"""API tokens of programs; only a hash is stored."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone


class ApiToken(models.Model):
    """A secret that lends a program some of its owner's rights.

    `digest` is SHA-256 of the token: it has 256 random bits, so a slow hash would protect nothing
    and cost every request. `hint` shows its first letters, to tell tokens apart.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="tokens"
    )
    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=12)
    scopes = models.JSONField(default=list)
    created = models.DateTimeField(default=timezone.now)
    expires = models.DateTimeField(null=True, blank=True)
    revoked = models.DateTimeField(null=True, blank=True)
    last_used = models.DateTimeField(null=True, blank=True)
    last_address = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-created"]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"

    def is_valid(self, now: datetime | None = None) -> bool:
        """Say whether the token works: not revoked, not expired."""
        expired = self.expires is not None and self.expires <= (now or timezone.now())
        return self.revoked is None and not expired

    @property
    def status(self) -> str:
        if self.revoked is not None:
            return "revoked"
        return "active" if self.is_valid() else "expired"
