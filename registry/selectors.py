"""Reads of models and versions."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Prefetch, Q, QuerySet
from django.db.models.functions import Lower

from core.errors import NotFoundError
from registry.models import ModelVersion, RegisteredModel


def models(*, search: str = "") -> QuerySet[RegisteredModel]:
    """Return the registered models with how many versions each has, and these (name, time).

    `search` is looked for in name and description, whatever the case of its letters.
    """
    present = (
        ModelVersion.objects.filter(gone__isnull=True)
        .order_by("-created")
        # What was read of the files can be megabytes, and lists show none of it.
        .only("model", "version", "created", "problem")
    )
    rows = RegisteredModel.objects.filter(gone__isnull=True)
    for word in search.split():
        rows = rows.filter(Q(name__icontains=word) | Q(description__icontains=word))
    return (
        rows.annotate(version_count=Count("versions", filter=Q(versions__gone__isnull=True)))
        .prefetch_related(Prefetch("versions", queryset=present, to_attr="present_versions"))
        .order_by(Lower("name"))
    )


def model_names() -> list[str]:
    """Return the names of the registered models, sorted."""
    return list(
        RegisteredModel.objects.filter(gone__isnull=True)
        .order_by(Lower("name"))
        .values_list("name", flat=True)
    )


def model(name: str) -> RegisteredModel:
    """Return one registered model.

    Raises:
        NotFoundError: MLflow has none of that name.
    """
    row = models().filter(name=name).first()
    if row is None:
        raise NotFoundError(
            f"There is no registered model {name!r}.", hint="Models lists those there are."
        )
    return row


def versions(name: str = "") -> QuerySet[ModelVersion]:
    """Return the versions that MLflow has now, newest first, of one model or all."""
    rows = ModelVersion.objects.select_related("model", "upload").filter(gone__isnull=True)
    return rows.filter(model__name=name) if name else rows


def version(name: str, number: str) -> ModelVersion:
    """Return one version.

    Raises:
        NotFoundError: the model has no such version; the message names those it has.
    """
    row = versions(name).filter(version=number).first()
    if row is None:
        raise NotFoundError(
            f"Model {name!r} has no version {number!r}.", hint=_choices(name), permanent=True
        )
    return row


def newest(name: str) -> ModelVersion:
    """Return the version that was registered last.

    Raises:
        NotFoundError: there is no such model, or it has no version.
    """
    row = versions(model(name).name).first()
    if row is None:
        raise NotFoundError(
            f"Model {name!r} has no version.", hint="Log one with MLflow.", permanent=True
        )
    return row


def resolve(name: str, *, version_or_alias: str, is_alias: bool) -> ModelVersion:
    """Return the version that a number or an alias of model `name` stands for now.

    Raises:
        NotFoundError: there is no such model, version or alias.
    """
    if not is_alias:
        return version(name, version_or_alias)
    aliases = model(name).aliases
    if version_or_alias not in aliases:
        known = ", ".join(sorted(aliases)) or "none"
        raise NotFoundError(
            f"Model {name!r} has no alias {version_or_alias!r}.",
            hint=f"Its aliases: {known}.",
            permanent=True,
        )
    return version(name, aliases[version_or_alias])


def shared_metrics(rows: Iterable[ModelVersion], *, most: int = 4) -> list[str]:
    """Return the metrics that all of `rows` with any have, else the most common; sorted."""
    known = [row.metrics for row in rows if row.metrics]
    counts = Counter(name for metrics in known for name in metrics)
    ranked = sorted(counts, key=lambda name: (-counts[name], name))
    shared = [name for name in ranked if counts[name] == len(known)]
    return sorted((shared or ranked)[:most])


def _choices(name: str) -> str:
    numbers = list(versions(name).values_list("version", flat=True)[:20])
    return f"It has {', '.join(numbers)}." if numbers else "Models lists what is registered."
