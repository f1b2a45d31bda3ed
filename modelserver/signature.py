"""A model's inputs as the checks need them: names, kinds and what must be there."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

TENSOR = "tensor"


@dataclass(frozen=True, slots=True)
class Field:
    """One input of a signature; `name` is None where inputs have no names.

    `kind` is MLflow's name of the type (`double`, `array`, …) or `tensor`; `spec` is MLflow's own
    ColSpec or TensorSpec.
    """

    position: int
    name: str | None
    kind: str
    required: bool
    spec: Any

    @property
    def scalar(self) -> bool:
        """Whether a value is one JSON scalar."""
        return self.kind in SCALARS


SCALARS = frozenset(
    {"boolean", "integer", "long", "float", "double", "string", "binary", "datetime"}
)


@dataclass(frozen=True, slots=True)
class Inputs:
    """All inputs of a model in the order of its signature."""

    fields: tuple[Field, ...]

    @property
    def named(self) -> bool:
        """Whether inputs are told apart by name; by position otherwise."""
        return bool(self.fields) and self.fields[0].name is not None

    @property
    def tensors(self) -> bool:
        """Whether the inputs are arrays of a shape instead of columns."""
        return bool(self.fields) and self.fields[0].kind == TENSOR


def inputs_of(schema: Any) -> Inputs | None:
    """Read MLflow's input schema; None stays None: a model that takes what it is given."""
    if schema is None:
        return None
    required = set(schema.required_input_names())
    return Inputs(
        tuple(
            Field(
                position=position,
                name=spec.name,
                kind=_kind(spec),
                required=(position if spec.name is None else spec.name) in required,
                spec=spec,
            )
            for position, spec in enumerate(schema.inputs)
        )
    )


def _kind(spec: Any) -> str:
    if not isinstance(spec.type, Enum):
        return TENSOR if hasattr(spec, "shape") else type(spec.type).__name__.lower()
    return spec.type.name
