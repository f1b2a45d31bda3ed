"""Counters that tell caches in other processes that something they hold has changed."""

from django.db import models
from django.db.models import F


class Revision(models.Model):
    """A number that rises in the transaction of each change to what `name` stands for."""

    name = models.CharField(primary_key=True, max_length=40)
    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.name} {self.number}"

    @classmethod
    def bump(cls, name: str) -> None:
        """Raise the counter; call it in the transaction that changes what it stands for."""
        if not cls.objects.filter(pk=name).update(number=F("number") + 1):
            cls.objects.get_or_create(pk=name)
            cls.objects.filter(pk=name).update(number=F("number") + 1)

    @classmethod
    def current(cls, *names: str) -> tuple[int, ...]:
        """Return the counters of `names`, 0 for one that never rose; one query."""
        found = dict(cls.objects.filter(pk__in=names).values_list("pk", "number"))
        return tuple(found.get(name, 0) for name in names)
