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
from registry.locate import locate_dataset
from registry.models import ModelVersion, RegisteredModel, RegistryState

logger = logging.getLogger(__name__)

REGISTRY = "registry"
"""The revision counter of models, versions and aliases."""

STILL_CHANGING = timedelta(hours=1)
"""A run may log metrics and files after it registered its model: young versions are read again."""

READ_AGAIN = timedelta(seconds=30)


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
            changed = _sync_models(mlflow) + _sync_versions(mlflow)
            state.server_version = mlflow.version()
            for version in _to_read():
                read_details(version, mlflow)
    except PortalError as error:
        state.problem = str(error)
        state.save()
        return 0
    state.last_read, state.problem = timezone.now(), ""
    state.save()
    if changed:
        Revision.bump(REGISTRY)
    return changed


def read_details(version: ModelVersion, mlflow: MlflowClient) -> None:
    """Read what the files and the run of a version say, and where its training set is."""
    try:
        version.artifact_uri = mlflow.download_uri(version.model.name, version.version)
        version.details = details_of(mlflow, version.artifact_uri)
        run = mlflow.run(version.run_id) if version.run_id else {}
        version.metrics, version.params = run_figures(mlflow, run, version.source)
        version.baseline = locate_dataset(mlflow, version, run)
        version.problem = ""
    except PortalError as error:
        version.problem = str(error)
    version.read = timezone.now()
    version.save()


def _to_read() -> list[ModelVersion]:
    now = timezone.now()
    rows = ModelVersion.objects.select_related("model").filter(gone__isnull=True)
    unread = rows.filter(read__isnull=True)
    young = rows.filter(created__gt=now - STILL_CHANGING, read__lt=now - READ_AGAIN)
    failed = rows.filter(read__lt=now - STILL_CHANGING).exclude(problem="")
    return [*unread[:50], *young[:20], *failed[:5]]


@transaction.atomic
def _sync_models(mlflow: MlflowClient) -> int:
    known = {row.name: row for row in RegisteredModel.objects.all()}
    seen, changed = set(), 0
    for entry in mlflow.registered_models():
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


@transaction.atomic
def _sync_versions(mlflow: MlflowClient) -> int:
    models = {row.name: row for row in RegisteredModel.objects.filter(gone__isnull=True)}
    known = {
        (row.model.name, row.version): row
        for row in ModelVersion.objects.select_related("model").all()
    }
    seen, changed = set(), 0
    for entry in mlflow.model_versions():
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
            # Deleted and registered again under the same name: nothing read of it holds.
            values |= {"read": None, "details": None, "baseline": {}}
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
