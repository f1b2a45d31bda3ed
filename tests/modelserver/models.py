"""Small real MLflow models, each saved into a folder in a fraction of a second.

The Python models are stored as source ("models from code"), so a server that runs outside the
tests can load them without importing anything from here.
"""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature, infer_signature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import Array, Map, Object, Property
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

COLUMNS = ["alcohol", "pH", "total sulfur dioxide"]
FOREST_TYPES = ["sklearn.tree._tree.Tree"]

ECHO = """
import mlflow, numpy as np, pandas as pd

def told(value):
    if isinstance(value, (list, np.ndarray, tuple)):
        return [told(item) for item in value]
    if isinstance(value, dict):
        return {key: told(item) for key, item in value.items()}
    return f"{type(value).__name__}:{value!r}"

class Echo(mlflow.pyfunc.PythonModel):
    "Answers what it was given and of which types."
    def predict(self, context, model_input, params=None):
        if isinstance(model_input, pd.DataFrame):
            rows = [told(list(row)) for row in model_input.itertuples(index=False)]
            kinds = [str(kind) for kind in model_input.dtypes]
            seen = {"columns": [str(c) for c in model_input.columns], "kinds": kinds, "rows": rows}
        elif isinstance(model_input, np.ndarray):
            seen = {"shape": list(model_input.shape), "kind": str(model_input.dtype),
                    "values": told(model_input.tolist())}
        else:
            seen = {"type": type(model_input).__name__, "value": told(model_input)}
        return [{"seen": seen, "params": told(params)}]

mlflow.models.set_model(Echo())
"""

ACTOR = """
import json, os, sys, time, warnings
import mlflow, pandas as pd

print("loaded: printed to stdout", flush=True)

class Actor(mlflow.pyfunc.PythonModel):
    "Does what the column `act` of the first row says."
    def predict(self, context, model_input, params=None):
        act = model_input["act"].iloc[0]
        verb, _, rest = act.partition(" ")
        if verb == "sleep":
            time.sleep(float(rest))
        elif verb == "print":
            print("model says " + rest)
            print("model complains " + rest, file=sys.stderr)
            os.write(1, b"straight to the descriptor\\n")
        elif verb == "raise":
            raise ValueError(rest)
        elif verb == "echo":
            raise ValueError("cannot use " + json.dumps(model_input.to_dict("records")))
        elif verb == "exit":
            sys.exit(5)
        elif verb == "deep":
            def fall(): return fall() + 1
            fall()
        elif verb == "unwritable":
            return {"answer": object()}
        elif verb == "big":
            return ["x" * int(rest)]
        elif verb == "filters":
            return [str(len(warnings.filters))]
        elif verb == "import":
            __import__(rest)
        elif verb == "path":
            return [repr(entry) for entry in sys.path]
        return list(model_input["act"])

mlflow.models.set_model(Actor())
"""

HINTED = """
import mlflow
from mlflow.pyfunc import PythonModel

class Hinted(PythonModel):
    "Its type hints are its signature."
    def predict(self, model_input: list[str], params=None) -> list[str]:
        return [word.upper() for word in model_input]

mlflow.models.set_model(Hinted())
"""

CHAT = """
import mlflow

class Chat(mlflow.pyfunc.PythonModel):
    "Takes bodies of language models as they are."
    def predict(self, context, model_input, params=None):
        said = model_input if isinstance(model_input, dict) else model_input.to_dict("records")
        return {"kind": type(model_input).__name__, "said": repr(said), "params": params}

mlflow.models.set_model(Chat())
"""


def data(rows: int = 60) -> tuple[pd.DataFrame, "pd.Series[int]"]:
    """Return wine-like inputs and two classes, the same each time."""
    values = np.random.default_rng(7).normal([10.4, 3.3, 46.0], [1.0, 0.15, 30.0], (rows, 3))
    frame = pd.DataFrame(values.round(3), columns=COLUMNS)
    return frame, (frame["alcohol"] > 10.4).astype("int64").rename("good")


def save_forest(path: Path, **options: Any) -> Path:
    """Save a forest with doubles only; cloudpickle unless `options` say skops, slow to import."""
    frame, target = data()
    forest = RandomForestClassifier(8, random_state=0).fit(frame, target)
    options = {"serialization_format": "cloudpickle", "input_example": frame.head(2), **options}
    mlflow.sklearn.save_model(
        forest,
        path,
        signature=infer_signature(frame, forest.predict(frame)),
        pip_requirements=["scikit-learn"],
        **options,
    )
    return path


def save_regression(path: Path) -> Path:
    """Save a regression that refuses NaN, in the cloudpickle format and without an example."""
    frame, target = data()
    model = LogisticRegression().fit(frame, target)
    mlflow.sklearn.save_model(
        model,
        path,
        signature=infer_signature(frame, model.predict(frame)),
        pip_requirements=["scikit-learn"],
        serialization_format="cloudpickle",
    )
    return path


def save_code(path: Path, source: str, **options: Any) -> Path:
    """Save a Python model whose source sets it with `mlflow.models.set_model`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = path.with_suffix(".py")
    code.write_text(source)
    with warnings.catch_warnings(record=True):  # MLflow wishes for type hints, each time
        mlflow.pyfunc.save_model(
            path, python_model=str(code), pip_requirements=["mlflow"], **options
        )
    return path


SCALARS = Schema(
    [
        ColSpec(DataType.boolean, "yes"),
        ColSpec(DataType.integer, "small"),
        ColSpec(DataType.long, "whole"),
        ColSpec(DataType.float, "single"),
        ColSpec(DataType.double, "double"),
        ColSpec(DataType.string, "text"),
        ColSpec(DataType.datetime, "when"),
        ColSpec(DataType.binary, "raw"),
        ColSpec(DataType.double, "maybe", required=False),
    ]
)
NESTED = Schema(
    [
        ColSpec(Array(DataType.double), "list"),
        ColSpec(Object([Property("x", DataType.long), Property("y", DataType.string)]), "thing"),
        ColSpec(Map(DataType.double), "map"),
    ]
)
PARAMS = ParamSchema(
    [
        ParamSpec("temperature", DataType.double, 0.5),
        ParamSpec("words", DataType.string, ["a"], shape=(-1,)),
    ]
)


def _signed(inputs: Schema, params: ParamSchema | None = None) -> ModelSignature:
    return ModelSignature(inputs=inputs, params=params)


BUILDERS: dict[str, Callable[[Path], Path]] = {
    "forest": save_forest,
    "skops forest": lambda path: save_forest(
        path, serialization_format="skops", skops_trusted_types=FOREST_TYPES
    ),
    "regression": save_regression,
    "actor": lambda path: save_code(
        path, ACTOR, signature=_signed(Schema([ColSpec(DataType.string, "act")]))
    ),
    "scalars": lambda path: save_code(path, ECHO, signature=_signed(SCALARS)),
    "nested": lambda path: save_code(path, ECHO, signature=_signed(NESTED)),
    "params": lambda path: save_code(
        path, ECHO, signature=_signed(Schema([ColSpec(DataType.double, "x")]), PARAMS)
    ),
    "unsigned": lambda path: save_code(path, ECHO),
    "unnamed": lambda path: save_code(
        path,
        ECHO,
        signature=_signed(Schema([ColSpec(DataType.long), ColSpec(DataType.long)])),
    ),
    "single": lambda path: save_code(
        path, ECHO, signature=_signed(Schema([ColSpec(DataType.long, "n")]))
    ),
    "texts": lambda path: save_code(
        path,
        ECHO,
        signature=_signed(
            Schema(
                [
                    ColSpec(DataType.string, "word"),
                    ColSpec(DataType.double, "maybe", required=False),
                ]
            )
        ),
    ),
    "tensor": lambda path: save_code(
        path, ECHO, signature=_signed(Schema([TensorSpec(np.dtype("float64"), (-1, 3))]))
    ),
    "tensors": lambda path: save_code(
        path,
        ECHO,
        signature=_signed(
            Schema(
                [
                    TensorSpec(np.dtype("float32"), (-1, 2, 2), "image"),
                    TensorSpec(np.dtype("int64"), (-1,), "label"),
                ]
            )
        ),
    ),
    "hinted": lambda path: save_code(path, HINTED),
    "chat": lambda path: save_code(path, CHAT),
}
