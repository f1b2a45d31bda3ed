"""How a deployment is called: its address and snippets that work when they are pasted."""

import json
import shlex
from dataclasses import dataclass
from math import prod
from typing import Any, Final

from deployments import selectors
from deployments.models import Deployment

_LONGEST_EXAMPLE: Final = 1500
_LARGEST_TENSOR: Final = 64
_PLACEHOLDERS: Final[dict[str, Any]] = {
    "string": "text",
    "boolean": True,
    "integer": 0,
    "long": 0,
    "datetime": "2026-01-01T00:00:00",
}


@dataclass(frozen=True, slots=True)
class Call:
    """One deployment's address, and the snippets of its page."""

    url: str
    curl: str
    python: str


def call_of(row: Deployment) -> Call:
    """Return how `row` is asked for a prediction, with a body that fits its signature."""
    url = selectors.invocations_url(row)
    body = example_body(row)
    return Call(
        url=url,
        curl=_curl(url, body, public=row.public),
        python=_python(url, body, public=row.public),
    )


def example_body(row: Deployment) -> str:
    """Return the body of a request as JSON: the model's own example, or one by its signature."""
    release = row.current or row.target
    example = _first_row((release.description if release else {}).get("example") or "")
    if 0 < len(example) <= _LONGEST_EXAMPLE:
        return example
    inputs = selectors.signature_inputs(row)
    if any(entry.get("type") == "tensor" for entry in inputs):
        return json.dumps({"inputs": _tensors(inputs)})
    names = [str(entry.get("name", f"column {n}")) for n, entry in enumerate(inputs, start=1)]
    values = [_PLACEHOLDERS.get(str(entry.get("type")), 0.0) for entry in inputs]
    split = {"columns": names or ["column"], "data": [values or [0.0]]}
    return json.dumps({"dataframe_split": split}, ensure_ascii=False)


def _first_row(example: str) -> str:
    """Return a table's example cut to its first row, another as it is; nothing if it is no JSON."""
    try:
        body = json.loads(example)
    except ValueError:
        return ""
    split = body.get("dataframe_split") if isinstance(body, dict) else None
    if isinstance(split, dict) and isinstance(split.get("data"), list):
        split = {key: value for key, value in split.items() if key != "index"}
        body = {"dataframe_split": split | {"data": split["data"][:1]}}
    return json.dumps(body, ensure_ascii=False)


def _tensors(inputs: list[dict[str, Any]]) -> Any:
    shapes = {
        str(entry.get("name", "")): [
            1 if size == -1 else int(size) for size in entry.get("tensor-spec", {}).get("shape", [])
        ]
        for entry in inputs
    }
    tensors = {name: _zeros(shape) for name, shape in shapes.items()}
    return tensors[""] if list(tensors) == [""] else tensors


def _zeros(shape: list[int]) -> Any:
    if prod(shape) > _LARGEST_TENSOR:
        return f"… {' x '.join(map(str, shape))} numbers …"
    return [_zeros(shape[1:]) for _ in range(shape[0])] if shape else 0.0


def _curl(url: str, body: str, *, public: bool) -> str:
    lines = [f"curl {shlex.quote(url)}"]
    if not public:
        lines.append('  -H "Authorization: Bearer $PORTAL_TOKEN"')
    lines += ["  -H 'Content-Type: application/json'", f"  -d {shlex.quote(body)}"]
    return " \\\n".join(lines)


def _python(url: str, body: str, *, public: bool) -> str:
    lines = ["import requests", "", "answer = requests.post(", f"    {url!r},"]
    if not public:
        lines = ["import os", "", *lines]
        lines.append("    headers={'Authorization': f\"Bearer {os.environ['PORTAL_TOKEN']}\"},")
    lines += [f"    json={json.loads(body)!r},", "    timeout=60,", ")"]
    lines += ["answer.raise_for_status()", "print(answer.json()['predictions'])"]
    return "\n".join(lines)
