"""Where the training set of a version is: the places of the contract, in their order."""

import json
from typing import Any

from core.errors import PortalError
from registry.client import MlflowClient
from registry.models import ModelVersion

NAMES = ("data/dataset.parquet", "data/dataset.csv")
_SUFFIXES = (".parquet", ".csv")


def locate_dataset(
    mlflow: MlflowClient, version: ModelVersion, run: dict[str, Any]
) -> dict[str, str]:
    """Return `{"kind", "uri", "path", "label"}` of the training set, or an empty dict.

    Looked for in the run's artifacts, the model's artifacts and the run's data set inputs; an
    upload and the first production rows, which follow in the contract, lie with the portal.
    """
    run_uri = run.get("info", {}).get("artifact_uri", "")
    places = [
        ("run", run_uri, "artifact of the training run"),
        ("model", version.artifact_uri, "artifact of the model"),
    ]
    for kind, uri, label in places:
        names = _data_files(mlflow, uri) if uri else []
        for name in NAMES:
            if name in names:
                return {"kind": kind, "uri": uri, "path": name, "label": f"{name}, {label}"}
    return _from_inputs(mlflow, run)


def _data_files(mlflow: MlflowClient, uri: str) -> list[str]:
    try:
        return [path for path, _ in mlflow.files(uri, under="data")]
    except PortalError:
        # No such folder, or files that lie where the portal cannot read: look further.
        return []


def _from_inputs(mlflow: MlflowClient, run: dict[str, Any]) -> dict[str, str]:
    """Return the run's data set input with context `training`, if its file can be read."""
    for entry in run.get("inputs", {}).get("dataset_inputs", []):
        contexts = {t["value"] for t in entry.get("tags", []) if t["key"] == "mlflow.data.context"}
        if "training" not in contexts:
            continue
        uri = _source_uri(entry.get("dataset", {}))
        folder, _, name = uri.rpartition("/")
        # Only files of the tracking server itself: a path or address that a client wrote into
        # its run must not make the portal read its own disk or call other hosts.
        if uri.startswith("mlflow-artifacts:") and name.endswith(_SUFFIXES):
            try:
                names = [path for path, _ in mlflow.files(folder)]
            except PortalError:
                continue
            if name in names:
                return {
                    "kind": "input",
                    "uri": folder,
                    "path": name,
                    "label": f"{name}, data set input of the training run",
                }
    return {}


def _source_uri(dataset: dict[str, Any]) -> str:
    try:
        source = json.loads(dataset.get("source", "{}"))
    except ValueError:
        return ""
    return str(source.get("uri", "")) if isinstance(source, dict) else ""
