"""Rows for tests: plain functions, every value a keyword with a sensible default."""

import itertools
import uuid
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from core.models import Job
from deployments.models import Deployment, ModelServer, Release
from gateway.log.record import Record, new_id
from gateway.models import Prediction
from gateway.stores import counts
from registry.models import ModelVersion, RegisteredModel

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
WINE_INPUTS = [
    {"name": "pH", "type": "double", "required": True},
    {"name": "alcohol", "type": "double", "required": True},
]

_numbers = itertools.count(1)


def a_job(*, kind: str = "tests.nothing", queue: str = "portal", **fields: Any) -> Job:
    """Return a queued job."""
    return Job.objects.create(kind=kind, queue=queue, **fields)


def a_model(*, name: str = "", aliases: dict[str, str] | None = None) -> RegisteredModel:
    """Return a registered model, the one of that name if it is there already."""
    row, _ = RegisteredModel.objects.get_or_create(
        name=name or f"model-{next(_numbers)}",
        defaults={"created": LONG_AGO, "updated": LONG_AGO},
    )
    if aliases is not None:
        row.aliases = aliases
        row.save()
    return row


def a_version(
    *, model: str = "wine", version: str = "1", details: dict[str, Any] | None = None, **fields: Any
) -> ModelVersion:
    """Return a version whose files were read: a signature of two numbers, MLflow alone required."""
    row = a_model(name=model)
    known = {
        "requirements": "mlflow==3.17.0\n",
        "mlflow_version": "3.17.0",
        "python_version": "3.11.2",
        "inputs": WINE_INPUTS,
        "outputs": [{"name": "", "type": "long", "required": True}],
        "size": 1000,
        "files": 3,
    }
    defaults = {
        "created": LONG_AGO,
        "read": timezone.now(),
        "source": f"models:/m-{model}-{version}",
        "artifact_uri": f"mlflow-artifacts:/1/models/m-{version}/artifacts",
        "details": known if details is None else details,
        **fields,
    }
    found, _ = ModelVersion.objects.update_or_create(model=row, version=version, defaults=defaults)
    return found


def a_release(*, deployment: Deployment, **fields: Any) -> Release:
    """Return the next release of `deployment`, pending unless `status` says otherwise."""
    number = deployment.releases.count() + 1
    values = {"number": number, "model_name": deployment.model_name, "version": "1", **fields}
    if values.get("status") == Release.Status.LIVE:
        values.setdefault("went_live", timezone.now())
        values.setdefault("description", {"mlflow_version": "3.17.0"})
    return Release.objects.create(deployment=deployment, **values)


def a_deployment(
    *,
    name: str = "wine",
    model: str = "",
    version: str = "1",
    status: str = Release.Status.LIVE,
    inputs: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> Deployment:
    """Return a deployment whose release is in `status`, served by a process if it is live."""
    row = Deployment.objects.create(
        name=name, model_name=model or name, node=settings.NODE, **fields
    )
    description = {
        "mlflow_version": "3.17.0",
        "signature": {"inputs": WINE_INPUTS if inputs is None else inputs},
    }
    release = a_release(deployment=row, version=version, status=status, description=description)
    row.target = release
    if status == Release.Status.LIVE:
        row.current = release
        a_server(release=release, status=ModelServer.Status.LIVE)
    row.save()
    return row


def a_server(
    *, release: Release, status: str = ModelServer.Status.STARTING, **fields: Any
) -> ModelServer:
    """Return the row of a model server of this node."""
    values = {"node": settings.NODE, "model_path": "/nowhere", "python": "/nowhere/python"}
    return ModelServer.objects.create(release=release, status=status, **(values | fields))


def a_record(
    *,
    deployment: str = "wine",
    time: datetime | None = None,
    body: bytes = b'{"dataframe_split": {"columns": ["pH", "alcohol"], "data": [[3.1, 9.5]]}}',
    answer: bytes = b'{"predictions": [1]}',
    **fields: Any,
) -> Record:
    """Return a record of the prediction log."""
    moment = time or timezone.now()
    nanoseconds = int(moment.timestamp() * 1_000_000) * 1000
    prediction_id = fields.pop("id", None) or new_id(nanoseconds)
    values = {
        "model": deployment,
        "version": "1",
        "request_id": str(prediction_id),
        "caller": "olga#1",
        "status": 200,
        "content_type": "application/json",
        "model_ms": 1.5,
        "total_ms": 2.5,
    }
    return Record(
        id=prediction_id,
        time=nanoseconds,
        deployment=deployment,
        body=body,
        answer=answer,
        **(values | fields),
    )


def a_prediction(
    *, deployment: str = "wine", time: datetime | None = None, **fields: Any
) -> Prediction:
    """Return a prediction of one row as the SQL store keeps it."""
    prediction_id = fields.pop("id", None) or uuid.uuid4()
    values = {
        "model": deployment,
        "version": "1",
        "request_id": str(prediction_id),
        "caller": "olga#1",
        "status": 200,
        "rows": 1,
        "inputs": '{"columns":["pH","alcohol"],"data":[[3.1,9.5]]}',
        "outputs": "[1]",
        "model_ms": 1.5,
        "total_ms": 2.5,
    }
    row = Prediction.objects.create(
        id=prediction_id,
        deployment=deployment,
        time=time or timezone.now(),
        **(values | fields),
    )
    counts.add([row])
    return row
