"""How a deployment is called: snippets that work when they are pasted."""

import ast
import json
import shlex
from typing import Any

import pytest

from deployments import calling
from deployments.models import Deployment
from tests.factories import a_deployment

pytestmark = pytest.mark.django_db


def body_of(*inputs: dict[str, Any]) -> Any:
    """Return the decoded body of a call to a model with these inputs in its signature."""
    return json.loads(calling.example_body(a_deployment(inputs=list(inputs))))


def a_column(name: str, kind: str = "double") -> dict[str, Any]:
    return {"name": name, "type": kind, "required": True}


def a_tensor(*shape: int, name: str = "") -> dict[str, Any]:
    spec = {"dtype": "float64", "shape": list(shape)}
    return {"type": "tensor", "tensor-spec": spec} | ({"name": name} if name else {})


def with_example(example: str) -> Deployment:
    row = a_deployment()
    assert row.current is not None
    row.current.description = {"example": example}
    return row


def test_a_body_has_a_value_of_its_type_for_each_column() -> None:
    kinds = ("double", "long", "boolean", "string", "datetime")
    body = body_of(*(a_column(f"a {kind}", kind) for kind in kinds))
    assert body["dataframe_split"]["columns"] == [f"a {kind}" for kind in kinds]
    assert body["dataframe_split"]["data"] == [[0.0, 0, True, "text", "2026-01-01T00:00:00"]]


def test_a_body_without_a_signature_names_a_column() -> None:
    assert body_of() == {"dataframe_split": {"columns": ["column"], "data": [[0.0]]}}


def test_tensors_are_zeros_of_their_shape() -> None:
    assert body_of(a_tensor(-1, 3)) == {"inputs": [[0.0, 0.0, 0.0]]}


def test_named_tensors_are_called_by_name_and_large_ones_described() -> None:
    body = body_of(a_tensor(-1, 2, name="left"), a_tensor(-1, 28, 28, name="right"))
    assert body["inputs"]["left"] == [[0.0, 0.0]]
    assert body["inputs"]["right"] == "… 1 x 28 x 28 numbers …"


def test_the_example_of_the_model_is_cut_to_its_first_row() -> None:
    table = {"columns": ["pH"], "index": [0, 1], "data": [[3.1], [3.2]]}
    row = with_example(json.dumps({"dataframe_split": table}))
    assert json.loads(calling.example_body(row)) == {
        "dataframe_split": {"columns": ["pH"], "data": [[3.1]]}
    }


@pytest.mark.parametrize("example", ["no json", json.dumps({"inputs": ["x" * 2000]})])
def test_an_example_that_is_no_json_or_too_long_gives_way_to_the_signature(example: str) -> None:
    body = json.loads(calling.example_body(with_example(example)))
    assert body == {"dataframe_split": {"columns": ["column"], "data": [[0.0]]}}


@pytest.mark.parametrize("public", [False, True])
def test_the_curl_line_is_what_a_shell_understands(public: bool) -> None:
    row = a_deployment(name="it's quoted", inputs=[a_column("the taster's pH")], public=public)
    words = shlex.split(calling.call_of(row).curl.replace("\\\n", " "))
    assert words[:2] == ["curl", "http://127.0.0.1:8000/models/it%27s%20quoted/invocations"]
    assert json.loads(words[-1])["dataframe_split"]["columns"] == ["the taster's pH"]
    assert ("Authorization: Bearer $PORTAL_TOKEN" in words) is not public


@pytest.mark.parametrize("public", [False, True])
def test_the_python_lines_are_python(public: bool) -> None:
    row = a_deployment(inputs=[a_column("pH"), a_column("red", "boolean")], public=public)
    source = calling.call_of(row).python
    call = next(n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.keyword))
    assert call.arg == ("json" if public else "headers")
    assert "{'columns': ['pH', 'red'], 'data': [[0.0, True]]}" in source
    assert ("import os" in source) is not public
