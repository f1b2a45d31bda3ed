"""A small world to monitor: a data set, a model that really predicts, and traffic it answered."""

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pandas as pd
import pytest
from django.conf import settings
from django.utils import timezone
from sklearn.linear_model import LogisticRegression

from core.folders import private_folder
from deployments.models import Deployment
from gateway.models import Prediction, Truth
from modelserver.client import Response
from monitoring import live
from registry.models import ModelVersion, UploadedDataset
from tests import factories

INPUTS = ["acid", "alcohol", "sugar"]
TARGET = "good"
SIGNATURE = [{"name": name, "type": "double", "required": True} for name in INPUTS]

Predict = Callable[[pd.DataFrame], Any]


def wine(rows: int, *, seed: int, alcohol: float = 10.0) -> pd.DataFrame:
    """Return wines: three numbers and whether each is good, which mostly follows the alcohol."""
    random = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "acid": random.normal(3.3, 0.15, rows),
            "alcohol": random.normal(alcohol, 1.0, rows),
            "sugar": random.gamma(2.0, 1.5, rows),
        }
    )
    frame[TARGET] = (frame["alcohol"] + random.normal(0, 0.8, rows) > 10.0).astype(int)
    return frame


def a_classifier(frame: pd.DataFrame) -> LogisticRegression:
    """Return a model trained on the frame."""
    return LogisticRegression().fit(frame[INPUTS], frame[TARGET])


def a_watched_version(
    *,
    name: str = "wine",
    version: str = "1",
    frame: pd.DataFrame | None = None,
    inputs: list[dict[str, Any]] | None = None,
    **fields: Any,
) -> ModelVersion:
    """Return a version with `frame` as its uploaded training set (None: without one)."""
    details = {"inputs": SIGNATURE if inputs is None else inputs, "outputs": []}
    row = factories.a_version(model=name, version=version, details=details, **fields)
    if frame is not None:
        a_training_set(row, frame)
    return row


def a_training_set(version: ModelVersion, frame: pd.DataFrame) -> UploadedDataset:
    """Give the version a training set, as an upload does."""
    path = private_folder("uploads") / f"{uuid4().hex}.parquet"
    frame.to_parquet(path)
    row, _ = UploadedDataset.objects.update_or_create(
        version=version,
        defaults={
            "file_name": "wine.parquet",
            "path": str(path),
            "rows": len(frame),
            "columns": list(frame.columns),
            "uploaded": timezone.now(),
        },
    )
    return row


def a_watched_deployment(*, name: str = "wine", version: str = "1", **fields: Any) -> Deployment:
    """Return a live deployment of the version."""
    return factories.a_deployment(name=name, version=version, inputs=SIGNATURE, **fields)


class FakeModel:
    """Stands in for the model server at the one place where monitoring asks it."""

    def __init__(self, predict: Predict) -> None:
        self.predict = predict
        self.bodies: list[dict[str, Any]] = []
        self.down = False
        self.refusal = ""

    def call(self, socket_path: Path, op: str, *, content_type: str, body: bytes, timeout: float):
        """Answer as a model server does."""
        assert (op, content_type) == ("invocations", "application/json"), (op, content_type)
        assert str(socket_path).startswith(str(settings.DATA)) or "portal-" in str(socket_path)
        assert timeout > 0
        if self.down:
            raise live.ModelServerDown("No model server answers.", sent=False)
        if self.refusal:
            return _response(400, {"error_code": "BAD_REQUEST", "message": self.refusal})
        request = json.loads(body)
        self.bodies.append(request)
        return _response(200, {"predictions": plain(self.predict(frame_of(request)))})


def frame_of(request: dict[str, Any]) -> pd.DataFrame:
    """Return the rows of a scoring request."""
    if "dataframe_split" in request:
        return pd.DataFrame(**request["dataframe_split"])
    if "dataframe_records" in request:
        return pd.DataFrame(request["dataframe_records"])
    return pd.DataFrame(request.get("instances", request.get("inputs")))


def plain(values: Any) -> Any:
    """Return what JSON takes for numpy's and pandas' values."""
    if isinstance(values, pd.DataFrame):
        return values.to_dict(orient="records")
    return values.tolist() if hasattr(values, "tolist") else list(values)


def _response(status: int, content: dict[str, Any]) -> Response:
    body = json.dumps(content).encode()
    return Response(status, "application/json", body, model_ms=1.0, queue_ms=0.0, warnings=())


def install(monkeypatch: pytest.MonkeyPatch, predict: Predict) -> FakeModel:
    """Let `predict` answer for every live model server."""
    model = FakeModel(predict)
    monkeypatch.setattr(live, "call", model.call)
    return model


def answered(
    deployment: Deployment,
    frame: pd.DataFrame,
    outputs: Sequence[Any],
    *,
    truths: Sequence[Any] | None = None,
    end: datetime | None = None,
    days: float = 6.0,
    per_request: int = 5,
    version: str = "1",
    model: str = "",
) -> list[Prediction]:
    """Write what the deployment answered: requests of some rows, spread over `days` until `end`.

    `truths` has one entry per row, None where the truth is not known.
    """
    end = end or timezone.now() - timedelta(minutes=1)
    starts = list(range(0, len(frame), per_request))
    data = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    rows = []
    for number, start in enumerate(starts):
        part = data[start : start + per_request]
        age = timedelta(days=days) * (1 - (number + 1) / len(starts))
        rows.append(
            factories.a_prediction(
                deployment=deployment.name,
                model=model or deployment.model_name,
                version=version,
                time=end - age,
                rows=len(part),
                inputs=json.dumps({"columns": list(frame.columns), "data": part}, default=str),
                outputs=json.dumps(plain(outputs[start : start + per_request])),
            )
        )
    if truths is not None:
        known = [
            Truth(
                prediction=row.pk,
                row=place,
                value=plain(truths[start + place : start + place + 1])[0],
            )
            for row, start in zip(rows, starts, strict=True)
            for place in range(row.rows)
            if truths[start + place] is not None
        ]
        Truth.objects.bulk_create(known)
    return rows
