"""Loading one model from its folder: what the server needs of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from modelserver import compat
from modelserver.answers import Answer
from modelserver.description import describe
from modelserver.examples import example_body
from modelserver.scoring import Scorer
from modelserver.signature import inputs_of


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model that is in memory; `example` is the body of a request, empty when it has none."""

    score: Callable[[bytes, str], Answer]
    description: dict[str, Any]
    example: bytes
    mlflow_version: str


def load(model_dir: Path, *, example_file: Path | None = None) -> Loaded:
    """Load the model of a folder; raises whatever its loader raises.

    `example_file` holds the body of a request that takes the place of the stored example.
    """
    if not (model_dir / "MLmodel").is_file():
        raise FileNotFoundError(2, "No such file or directory", str(model_dir / "MLmodel"))
    model = compat.load_model(str(model_dir))
    if example_file is not None:
        example = example_file.read_bytes()
    else:
        example = example_body(
            model_dir,
            model.metadata.saved_input_example_info,
            inputs_of(model.metadata.get_input_schema()),
        )
    return Loaded(
        score=Scorer(model).score,
        description=describe(model, model_dir=model_dir, example=example),
        example=example,
        mlflow_version=compat.VERSION,
    )
