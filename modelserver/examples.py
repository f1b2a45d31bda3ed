"""A model's stored input example as the body of a request."""

import json
from pathlib import Path
from typing import Any, Final

from modelserver.signature import Inputs
from modelserver.tables import INPUTS, SPLIT

SERVING_KEY: Final = "serving_input_path"
DATA_KEY: Final = "inputs"
PARAMS_KEY: Final = "params"


def example_body(model_dir: Path, info: dict[str, Any] | None, inputs: Inputs | None) -> bytes:
    """Return the JSON body that sends the example, empty when there is none that JSON can hold.

    `info` is `saved_input_example_info` of the model's MLmodel file. MLflow 2.15 and newer store
    the body itself; for older models it is made from the example. Columns that are not in the
    signature (a stored training row often has its target) are left out, as MLflow ignores them.
    Raises OSError or ValueError when the file is missing or no JSON.
    """
    if not info:
        return b""
    if SERVING_KEY in info:
        document = json.loads((model_dir / info[SERVING_KEY]).read_bytes())
    else:
        document = _document(json.loads((model_dir / info["artifact_path"]).read_bytes()), info)
    if document is None:
        return b""
    if isinstance(document, dict) and isinstance(document.get(SPLIT), dict):
        document = {**document, SPLIT: _known_columns(document[SPLIT], inputs)}
    return json.dumps(document).encode()


def _document(stored: Any, info: dict[str, Any]) -> dict[str, Any] | None:
    kind = info.get("type", "")
    if kind.startswith("sparse"):
        return None
    has_params = bool(info.get(PARAMS_KEY)) and isinstance(stored, dict)
    data = stored[DATA_KEY] if has_params else stored
    params = {PARAMS_KEY: stored[PARAMS_KEY]} if has_params else {}
    if kind == "dataframe":
        return {SPLIT: data, **params}
    if kind == "ndarray" and isinstance(data, dict) and INPUTS in data:
        return {**data, **params}
    return {INPUTS: data, **params}


def _known_columns(split: dict[str, Any], inputs: Inputs | None) -> dict[str, Any]:
    if inputs is None or not inputs.named or "columns" not in split:
        return split
    known = {field.name for field in inputs.fields}
    keep = [at for at, name in enumerate(split["columns"]) if name in known]
    return {
        **split,
        "columns": [split["columns"][at] for at in keep],
        "data": [[row[at] for at in keep] for row in split["data"]],
    }
