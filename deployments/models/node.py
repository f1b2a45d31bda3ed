"""Machines that serve models."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

UNHEARD = timedelta(seconds=20)


class Node(models.Model):
    """A machine with a node agent; `seen` is when the agent last looked after its models."""

    name = models.CharField(max_length=100, unique=True)
    owner = models.CharField(max_length=200, blank=True)
    seen = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.name

    @property
    def is_heard(self) -> bool:
        return timezone.now() - self.seen < UNHEARD
