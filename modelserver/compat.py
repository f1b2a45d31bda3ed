"""The seam to MLflow, the only module that names its functions: any version from 2.9 on.

Everything is MLflow's own, so that answers are those of `mlflow models serve` of the same version;
what a version does not have is left out here and nowhere else.
"""

import inspect
from io import BytesIO, StringIO
from typing import Any, Final

import mlflow.pyfunc
import pandas as pd
from mlflow.models.utils import _enforce_params_schema, _enforce_schema
from mlflow.pyfunc import scoring_server
from mlflow.types import Schema

VERSION: Final[str] = mlflow.__version__

# MLflow 2.11 and newer: bodies of language models, passed to the model as they are.
LLM_KEYS: Final[frozenset[str]] = frozenset(
    getattr(scoring_server, "SUPPORTED_LLM_FORMATS", None)
    or ({"messages", "prompt", "input"} if hasattr(scoring_server, "is_unified_llm_input") else ())
)


def load_model(model_dir: str) -> Any:
    """Load the PyFuncModel in a local folder, with the configuration MLflow would give it."""
    newer = getattr(scoring_server, "load_model_with_mlflow_config", None)
    return (newer or mlflow.pyfunc.load_model)(model_dir)


def read_json(form: str, payload: Any, schema: Any) -> Any:
    """Turn the value under one of the four keys into what the model takes, by its schema."""
    return _own("infer_and_parse_data")({form: payload}, schema)


def read_csv(text: str, schema: Any) -> pd.DataFrame:
    """Read CSV with the types of the schema."""
    frame: pd.DataFrame = _own("parse_csv_input")(StringIO(text), schema)
    return frame


def read_parquet(body: bytes) -> pd.DataFrame:
    """Read Parquet; types come from the file."""
    return pd.read_parquet(BytesIO(body))


def split_llm(document: dict[str, Any], params_schema: Any) -> tuple[Any, Any]:
    """Split the body of a language model into its data and the parameters the model declares."""
    split: tuple[Any, Any] = _own("_split_data_and_params_for_llm_input")(document, params_schema)
    return split


def takes_raw_inputs(model: Any) -> bool:
    """Whether the model's type hints stand for its signature, so that `inputs` stays unparsed."""
    ask = getattr(model.metadata, "_is_signature_from_type_hint", None)
    return bool(ask and ask())


def predict(model: Any, data: Any, params: Any) -> Any:
    """Predict as MLflow's scoring server does: enforce the schema, then run the model."""
    if "params" in inspect.signature(model.predict).parameters:
        return model.predict(data, params=params)
    return model.predict(data)


def write_answer(predictions: Any, *, wrapped: bool) -> str:
    """Write predictions as JSON, under the key `predictions` unless the body was unwrapped."""
    text = StringIO()
    if wrapped:
        _own("predictions_to_json")(predictions, text)
    else:
        _own("unwrapped_predictions_to_json")(predictions, text)
    return text.getvalue()


def enforce_one(parsed: Any, spec: Any) -> None:
    """Check parsed data of a single input against its specification; raises what MLflow raises."""
    _enforce_schema(parsed, schema_of(spec))


def enforce_params(params: Any, params_schema: Any) -> None:
    """Check parameters against their schema; raises what MLflow raises."""
    _enforce_params_schema(params, params_schema)


def schema_of(spec: Any) -> Schema:
    """Return the schema of a single input."""
    return Schema([spec])


def _own(name: str) -> Any:
    """Return a function of MLflow's scoring server, which has no types and, by version, gaps."""
    return getattr(scoring_server, name)
