"""What the operation `describe` tells about a model."""

import json
import platform
from pathlib import Path
from typing import Any, Final

from modelserver import compat

MAX_EXAMPLE_BYTES: Final = 1024 * 1024


def describe(model: Any, *, model_dir: Path, example: bytes) -> dict[str, Any]:
    """Return the model's metadata as JSON can hold it.

    `signature` has `inputs`, `outputs` and `params`, each a list in MLflow's own form or None;
    `mlflow_version` is the one that runs, `saved_with` the one that stored the model; `example` is
    the body of a request as text, None when the model has none or it is over 1 MB.
    """
    metadata = model.metadata
    signature = metadata.signature
    parts = ("inputs", "outputs", "params")
    return {
        "signature": {part: _listed(getattr(signature, part, None)) for part in parts},
        "flavors": {
            name: _version(name, flavor) for name, flavor in sorted(metadata.flavors.items())
        },
        "mlflow_version": compat.VERSION,
        "saved_with": getattr(metadata, "mlflow_version", None),
        "python_version": platform.python_version(),
        "model_uuid": getattr(metadata, "model_uuid", None),
        "size_bytes": sum(f.stat().st_size for f in model_dir.rglob("*") if f.is_file()),
        "example": example.decode() if 0 < len(example) <= MAX_EXAMPLE_BYTES else None,
    }


def _listed(schema: Any) -> Any:
    if schema is None:
        return None
    # Through MLflow's own encoder: defaults of parameters may be of numpy's types.
    return json.loads(json.dumps(schema.to_dict(), default=str))


def _version(name: str, flavor: dict[str, Any]) -> str | None:
    return flavor.get("python_version" if name == "python_function" else f"{name}_version")
