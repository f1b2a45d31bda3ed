"""Stored input examples of new and old models become the body that a client would send."""

import json
from pathlib import Path
from typing import Any

import pytest
from mlflow.types import ColSpec, DataType, Schema

from modelserver.examples import example_body
from modelserver.signature import inputs_of

SPLIT = {"columns": ["a", "quality", "b"], "data": [[1, 5, 2], [3, 6, 4]]}
INPUTS = inputs_of(Schema([ColSpec(DataType.double, "a"), ColSpec(DataType.double, "b")]))


def body(folder: Path, stored: Any, inputs: Any = None, **info: Any) -> Any:
    (folder / "stored.json").write_text(json.dumps(stored))
    made = example_body(folder, {"artifact_path": "stored.json", **info}, inputs)
    return json.loads(made) if made else None


def test_a_model_without_example_has_no_body(tmp_path: Path) -> None:
    assert example_body(tmp_path, None, None) == b""


def test_the_body_that_mlflow_stored_is_used_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "serving.json").write_text('{"inputs": [1], "params": {"n": 2}}')
    made = body(tmp_path, "other", type="ndarray", serving_input_path="serving.json")
    assert made == {"inputs": [1], "params": {"n": 2}}


@pytest.mark.parametrize(
    ("kind", "stored", "made"),
    [
        ("dataframe", SPLIT, {"dataframe_split": SPLIT}),
        ("ndarray", {"inputs": [[1, 2]]}, {"inputs": [[1, 2]]}),
        ("ndarray", [[1, 2]], {"inputs": [[1, 2]]}),
        ("json_object", {"a": 1}, {"inputs": {"a": 1}}),
        ("json_object", ["x", "y"], {"inputs": ["x", "y"]}),
        ("sparse_matrix_csr", {"data": [1]}, None),
    ],
)  # fmt: skip
def test_the_example_of_an_older_model_is_put_under_its_key(
    tmp_path: Path, kind: str, stored: Any, made: Any
) -> None:
    assert body(tmp_path, stored, type=kind) == made


def test_parameters_of_an_older_example_stand_beside_its_data(tmp_path: Path) -> None:
    stored = {"inputs": {"columns": ["a"], "data": [[1]]}, "params": {"n": 2}}
    assert body(tmp_path, stored, type="dataframe", params="true") == {
        "dataframe_split": {"columns": ["a"], "data": [[1]]},
        "params": {"n": 2},
    }


def test_columns_outside_the_signature_are_left_out(tmp_path: Path) -> None:
    made = body(tmp_path, SPLIT, INPUTS, type="dataframe")
    assert made == {"dataframe_split": {"columns": ["a", "b"], "data": [[1, 2], [3, 4]]}}
    assert body(tmp_path, SPLIT, None, type="dataframe") == {"dataframe_split": SPLIT}


def test_an_example_whose_file_is_gone_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        example_body(tmp_path, {"artifact_path": "gone.json", "type": "dataframe"}, None)
