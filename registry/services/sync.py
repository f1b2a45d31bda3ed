"""Reading MLflow's registry into our rows; polling is the truth, a nudge only hurries it."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import current_app
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from core.errors import PortalError
from core.models import Revision
from registry.client import MlflowClient
from registry.details import details_of, run_figures
from registry.errors import MlflowUnavailable
from registry.locate import locate_dataset
from registry.models import ModelVersion, RegisteredModel, RegistryState, UploadedDataset

logger = logging.getLogger(__name__)

REGISTRY = "registry"
"""The revision counter of models, versions and aliases."""

STILL_CHANGING = timedelta(hours=1)
"""A run may log metrics and files after it registered its model: young versions are read again."""

READ_AGAIN = timedelta(seconds=30)

_TRIES = 3


def nudge() -> None:
    """Ask for the registry to be read soon."""
    try:
        current_app.send_task("registry.sync", expires=30, retry=False)
    except (OperationalError, OSError) as error:
        logger.info("The broker takes no messages (%s); the registry is read by the clock.", error)


def sync(client: MlflowClient | None = None) -> int:
    """Bring our rows to what MLflow says; return how many models and versions changed.

    When MLflow does not answer, everything stays as it is and the state row says so.
    """
    state = RegistryState.load()
    try:
        with client or MlflowClient() as mlflow:
            changed = _read_registry(mlflow)
            state.server_version = mlflow.version()
            for version in _to_read():
                read_details(version, mlflow)
    except PortalError as error:
        state.problem = str(error)
        state.save(update_fields=["problem"])
        return 0
    state.problem = ""
    state.save(update_fields=["problem", "server_version"])
    return changed


def _read_registry(mlflow: MlflowClient) -> int:
    """Write models and versions as they are now; return how many of them changed."""
    for _ in range(_TRIES):
        before = RegistryState.load().last_read
        # Asked before the transaction: a server that is slow to answer must not block who writes.
        models, versions = mlflow.registered_models(), mlflow.model_versions()
        with transaction.atomic():
            state = RegistryState.objects.select_for_update().get(pk=1)
            if state.last_read != before:
                continue  # somebody else read it meanwhile, and what we hold may be older
            changed = _sync_models(models) + _sync_versions(versions)
            if changed:
                Revision.bump(REGISTRY)
            state.last_read = timezone.now()
            state.save(update_fields=["last_read"])
            return changed
    return 0


def read_details(version: ModelVersion, mlflow: MlflowClient) -> None:
    """Read what the files and the run of a version say, and where its training set is.

    What cannot be read is the version's problem. Raises MlflowUnavailable, with nothing kept, when
    MLflow itself is away: that says nothing of the version, which is read when it is back.
    """
    try:
        version.artifact_uri = mlflow.download_uri(version.model.name, version.version)
        version.details = details_of(mlflow, version.artifact_uri)
        run = mlflow.run(version.run_id) if version.run_id else {}
        version.metrics, version.params = run_figures(mlflow, run, version.source)
        version.baseline = locate_dataset(mlflow, version, run)
        version.problem = ""
    except MlflowUnavailable:
        raise
    except PortalError as error:
        version.problem = str(error)
    version.read = timezone.now()
    version.save(
        update_fields=(
            *("artifact_uri", "details", "metrics", "params", "baseline", "problem", "read"),
        )
    )


def _to_read() -> list[ModelVersion]:
    now = timezone.now()
    rows = ModelVersion.objects.select_related("model").filter(gone__isnull=True)
    unread = rows.filter(read__isnull=True)
    young = rows.filter(created__gt=now - STILL_CHANGING, read__lt=now - READ_AGAIN)
    failed = rows.filter(read__lt=now - STILL_CHANGING).exclude(problem="")
    return [*unread[:50], *young[:20], *failed[:5]]


def _sync_models(entries: list[dict[str, Any]]) -> int:
    known = {row.name: row for row in RegisteredModel.objects.all()}
    seen, changed = set(), 0
    for entry in entries:
        seen.add(entry["name"])
        values = {
            "description": entry.get("description", ""),
            "tags": _pairs(entry.get("tags", [])),
            "aliases": {a["alias"]: str(a["version"]) for a in entry.get("aliases", [])},
            "created": _time(entry["creation_timestamp"]),
            "updated": _time(entry["last_updated_timestamp"]),
            "gone": None,
        }
        changed += _save(known.get(entry["name"]) or RegisteredModel(name=entry["name"]), values)
    lost = [row for name, row in known.items() if name not in seen and row.gone is None]
    return changed + sum(_save(row, {"gone": timezone.now()}) for row in lost)


def _sync_versions(entries: list[dict[str, Any]]) -> int:
    models = {row.name: row for row in RegisteredModel.objects.filter(gone__isnull=True)}
    known = {
        (row.model.name, row.version): row
        for row in ModelVersion.objects.select_related("model").all()
    }
    seen, changed = set(), 0
    for entry in entries:
        key = (entry["name"], str(entry["version"]))
        if key[0] not in models or entry.get("status", "READY") != "READY":
            continue
        seen.add(key)
        values = {
            "run_id": entry.get("run_id", ""),
            "source": entry.get("source", ""),
            "description": entry.get("description", ""),
            "tags": _pairs(entry.get("tags", [])),
            "created": _time(entry["creation_timestamp"]),
            "gone": None,
        }
        row = known.get(key) or ModelVersion(model=models[key[0]], version=key[1])
        if row.pk and row.created != values["created"]:
            # Deleted and registered again under the same name: nothing known of it holds.
            values |= {"read": None, "details": None, "artifact_uri": "", "problem": ""}
            values |= {"baseline": {}, "metrics": {}, "params": {}}
            UploadedDataset.objects.filter(version=row).delete()
        changed += _save(row, values)
    lost = [row for key, row in known.items() if key not in seen and row.gone is None]
    return changed + sum(_save(row, {"gone": timezone.now()}) for row in lost)


def _save(row: RegisteredModel | ModelVersion, values: dict[str, Any]) -> int:
    """Write the row if any of `values` differs; return 1 if it did."""
    if row.pk is not None and all(getattr(row, name) == value for name, value in values.items()):
        return 0
    for name, value in values.items():
        setattr(row, name, value)
    row.save()
    return 1


def _pairs(tags: list[dict[str, str]]) -> dict[str, str]:
    return {tag["key"]: tag.get("value", "") for tag in tags}


def _time(milliseconds: int | str) -> datetime:
    return datetime.fromtimestamp(int(milliseconds) / 1000, tz=UTC)
