"""Where the training set of a version is, in the order of the contract."""

import json
from typing import Any

import pytest

from registry.client import MlflowClient
from registry.locate import locate_dataset
from tests.factories import a_version
from tests.registry.mlflow import FakeMlflow

pytestmark = pytest.mark.django_db

RUN = "mlflow-artifacts:/runs/r1"


def _run(*inputs: dict[str, Any]) -> dict[str, Any]:
    return {"info": {"artifact_uri": RUN}, "inputs": {"dataset_inputs": list(inputs)}}


def _input(uri: Any, context: str = "training") -> dict[str, Any]:
    return {
        "tags": [{"key": "mlflow.data.context", "value": context}],
        "dataset": {"source": json.dumps({"uri": uri})},
    }


def _located(run: dict[str, Any]) -> dict[str, str]:
    version = a_version(artifact_uri="mlflow-artifacts:/wine/1")
    with MlflowClient() as client:
        return locate_dataset(client, version, run)


def test_the_places_are_looked_at_in_the_order_of_the_contract(mlflow: FakeMlflow) -> None:
    """Each place is found once the ones before it are empty."""
    places = [
        ("runs/r1/data/dataset.parquet", "run", RUN, "data/dataset.parquet"),
        ("runs/r1/data/dataset.csv", "run", RUN, "data/dataset.csv"),
        (
            "wine/1/data/dataset.parquet",
            "model",
            "mlflow-artifacts:/wine/1",
            "data/dataset.parquet",
        ),
        ("wine/1/data/dataset.csv", "model", "mlflow-artifacts:/wine/1", "data/dataset.csv"),
        ("sets/train.csv", "input", "mlflow-artifacts:/sets", "train.csv"),
    ]
    for path, *_ in places:
        mlflow.add_file(path, "a,b\n")
    run = _run(_input("mlflow-artifacts:/sets/train.csv"))
    for path, kind, uri, name in places:
        found = _located(run)
        assert (found["kind"], found["uri"], found["path"]) == (kind, uri, name)
        assert name in found["label"]
        del mlflow.files[path]
    assert _located(run) == {}


@pytest.mark.parametrize(
    "uri",
    [
        "/etc/passwd.csv",
        "file:///etc/data.csv",
        "http://169.254.169.254/latest/x.csv",
        "s3://bucket/x.parquet",
        "mlflow-artifacts:/sets/none.csv",
        "mlflow-artifacts:/sets/train.pickle",
        None,
        5,
    ],
)
def test_an_input_that_is_no_file_of_the_tracking_server_is_left_alone(
    mlflow: FakeMlflow, uri: Any
) -> None:
    mlflow.add_file("sets/train.pickle", b"x")
    assert _located(_run(_input(uri))) == {}


def test_only_an_input_of_training_counts(mlflow: FakeMlflow) -> None:
    mlflow.add_file("sets/eval.csv", "a\n")
    mlflow.add_file("sets/train.csv", "a\n")
    run = _run(
        _input("mlflow-artifacts:/sets/eval.csv", "evaluation"),
        _input("mlflow-artifacts:/sets/train.csv"),
    )
    assert _located(run)["path"] == "train.csv"


@pytest.mark.parametrize("source", ["{not json", '"text"', "[]", ""])
def test_a_source_that_cannot_be_read_is_none(mlflow: FakeMlflow, source: str) -> None:
    entry = _input("x")
    entry["dataset"]["source"] = source
    assert _located(_run(entry)) == {}


def test_a_run_without_anything_is_no_place(mlflow: FakeMlflow) -> None:
    assert _located({}) == {}
