"""Asking the live model: the one place where monitoring meets a model server.

What is asked here is no traffic: it passes by the gateway and is not logged.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
from django.conf import settings

from deployments.models import ModelServer, Release
from deployments.runtimes.process import socket_path
from gateway.tables import outputs_of
from modelserver.client import ModelServerDown, Response, call
from modelserver.frames import FrameError
from monitoring.errors import ModelNotLive, ModelRefused
from monitoring.outputs import outputs_per_row
from registry.models import ModelVersion

if TYPE_CHECKING:
    import pandas as pd

ROWS_AT_ONCE = 1000
"""Small enough that the model goes on answering its real callers in between."""

_JSON = "application/json"


def live_server(version: ModelVersion) -> ModelServer | None:
    """Return a model server of this machine that answers for the version."""
    rows = ModelServer.objects.filter(
        status=ModelServer.Status.LIVE,
        node=settings.NODE,
        release__status=Release.Status.LIVE,
        release__model_name=version.model.name,
        release__version=version.version,
    )
    return rows.first()


def ask_frame(version: ModelVersion, frame: "pd.DataFrame") -> list[Any]:
    """Return what the live model answers for each row of the frame, a thousand rows at a time.

    Raises:
        ModelNotLive: no model server of the version answers here.
        ModelRefused: it does not take these rows.
    """
    answers: list[Any] = []
    for body, rows in _bodies(version, frame):
        answers += ask(version, body, rows=rows)
    return answers


def ask(version: ModelVersion, body: bytes, *, rows: int) -> list[Any]:
    """Return what the live model answers for each row of a scoring request in JSON.

    Raises:
        ModelNotLive: no model server of the version answers here.
        ModelRefused: it does not take these rows.
    """
    server = live_server(version)
    if server is None:
        raise ModelNotLive(f"{version} is not live on this machine.", hint="Deploy it first.")
    timeout = settings.PREDICT_TIMEOUT.total_seconds()
    try:
        response = call(
            socket_path(server.pk), "invocations", content_type=_JSON, body=body, timeout=timeout
        )
    except (ModelServerDown, TimeoutError, FrameError) as error:
        raise ModelNotLive(f"{version} does not answer: {error}") from error
    if response.status != 200:
        raise _refusal(version, response)
    return outputs_per_row(outputs_of(response.body), rows=rows)


def _bodies(version: ModelVersion, frame: "pd.DataFrame") -> Iterator[tuple[bytes, int]]:
    """Yield requests for parts of the frame, each with its number of rows."""
    is_tensor = any(entry["type"].startswith("tensor") for entry in version.inputs)
    for start in range(0, len(frame), ROWS_AT_ONCE):
        part = frame.iloc[start : start + ROWS_AT_ONCE]
        # Missing values are null in JSON, and numpy's numbers become Python's, digit for digit.
        data = part.astype(object).where(part.notna(), None).to_numpy().tolist()
        request: dict[str, Any] = (
            {"inputs": data}
            if is_tensor
            else {"dataframe_split": {"columns": list(part.columns), "data": data}}
        )
        yield msgspec.json.encode(request, enc_hook=_plain), len(part)


def _plain(value: Any) -> Any:
    """Return what JSON can hold for a value of pandas or numpy."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.item() if hasattr(value, "item") else str(value)


def _refusal(version: ModelVersion, response: Response) -> ModelRefused:
    try:
        message = str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        message = f"status {response.status}"
    return ModelRefused(f"{version} does not take these rows: {message}")
