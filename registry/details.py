"""What the files of a version say: flavours, signature, requirements, size."""

import json
import math
from typing import Any

import yaml

from core.errors import NotFoundError
from registry.client import MlflowClient
from registry.errors import UnreadableSource


def details_of(mlflow: MlflowClient, uri: str) -> dict[str, Any]:
    """Return requirements, signature, flavours and size of the model whose files lie at `uri`.

    Raises:
        UnreadableSource: there is no readable `MLmodel` file.
    """
    files = dict(mlflow.files(uri))
    if "MLmodel" not in files:
        raise UnreadableSource(
            f"There is no MLmodel file at {uri}.",
            hint="Log the model with mlflow.<flavour>.log_model and register that.",
            permanent=True,
        )
    mlmodel = _yaml(mlflow.read(uri, "MLmodel"))
    signature = mlmodel.get("signature") or {}
    example = (mlmodel.get("saved_input_example_info") or {}).get("artifact_path")
    return {
        "requirements": _text(mlflow, uri, "requirements.txt"),
        "python_version": _yaml(_text(mlflow, uri, "python_env.yaml").encode()).get("python", ""),
        "mlflow_version": mlmodel.get("mlflow_version", ""),
        "flavors": sorted(mlmodel.get("flavors") or {}),
        "loader_modules": _loader_modules(mlmodel),
        "inputs": columns_of(signature.get("inputs")),
        "outputs": columns_of(signature.get("outputs")),
        "params": columns_of(signature.get("params")),
        "has_example": bool(example and example in files),
        "model_uuid": mlmodel.get("model_uuid") or "",
        "size": sum(files.values()),
        "files": len(files),
    }


def _loader_modules(mlmodel: dict[str, Any]) -> list[str]:
    """Return the modules of MLflow that load this model, to be imported once ahead of time."""
    loader = str((mlmodel.get("flavors") or {}).get("python_function", {}).get("loader_module", ""))
    # A model may bring a loader of its own, which must not run before it is in its sandbox.
    return [loader] if loader.startswith("mlflow.") else []


def columns_of(schema: str | None) -> list[dict[str, Any]]:
    """Return one side of an MLflow signature as `{"name", "type", "required"}` entries.

    A tensor without a name is called `input-0` and so on, its type carries dtype and shape.
    """
    entries = json.loads(schema) if schema else []
    found = []
    for number, entry in enumerate(entries):
        kind = entry.get("type", "")
        if kind == "tensor":
            spec = entry.get("tensor-spec", {})
            kind = f"tensor {spec.get('dtype', '')} {spec.get('shape', '')}"
        found.append(
            {
                "name": entry.get("name", f"input-{number}"),
                "type": str(kind),
                "required": bool(entry.get("required", True)),
            }
        )
    return found


def run_figures(
    mlflow: MlflowClient, run: dict[str, Any], source: str
) -> tuple[dict[str, float], dict[str, str]]:
    """Return metrics and parameters of the run, and those that MLflow 3 keeps at the model."""
    groups = [run.get("data", {})]
    if source.startswith("models:/m-"):
        groups.append(mlflow.logged_model(source.removeprefix("models:/")).get("data", {}))
    metrics: dict[str, float] = {}
    params: dict[str, str] = {}
    for data in groups:
        metrics |= {m["key"]: m["value"] for m in data.get("metrics", []) if _finite(m["value"])}
        params |= {p["key"]: str(p["value"]) for p in data.get("params", [])}
    return metrics, params


def _finite(value: Any) -> bool:
    # MLflow writes NaN and infinities as strings; JSON columns cannot hold them as numbers.
    return isinstance(value, int | float) and math.isfinite(value)


def _text(mlflow: MlflowClient, uri: str, path: str) -> str:
    try:
        return mlflow.read(uri, path).decode("utf-8", "replace")
    except NotFoundError:
        return ""


def _yaml(content: bytes) -> dict[str, Any]:
    try:
        loaded = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise UnreadableSource(
            f"A YAML file of the model cannot be read: {error}.", permanent=True
        ) from error
    return loaded if isinstance(loaded, dict) else {}
