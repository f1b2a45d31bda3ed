"""What is refused before MLflow sees it, because MLflow would take it and answer wrongly.

MLflow ignores columns it does not know, cuts 3.7 to 3 for an integer column, wraps 2**63 to a
negative number, turns null and "no" into booleans and passes numbers where text was declared. Each
of these would be a confident answer to another question. Everything else is left to MLflow, whose
own refusal `faults` then explains.
"""

import difflib
import math
from collections.abc import Callable, Sequence
from typing import Any, Final

from modelserver.answers import MAX_NAMES, Refusal, listed, show
from modelserver.signature import Field, Inputs
from modelserver.tables import ABSENT, RECORDS, SPLIT, Table

INTEGERS: Final = {"integer": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
FLOAT_MAX: Final = 3.4028235677973366e38
"""Numbers from here on become infinite in 32 bits (IEEE 754: halfway past the largest)."""


def check(table: Table, inputs: Inputs) -> None:
    """Raise Refusal unless the table has the columns of the signature with values of their kind."""
    if table.names is not None:
        check_header(table.names, inputs)
    elif inputs.named:
        check_unnamed(table.form, inputs)
    elif not inputs.tensors:
        _check_width(len(table.columns), inputs)
    if inputs.tensors:
        return
    for field, values in pairs(table, inputs):
        if field.scalar:
            _check_values(field, label(field, table, inputs), values)


def pairs(table: Table, inputs: Inputs) -> list[tuple[Field, Sequence[Any]]]:
    """Return each input that the table has with its column."""
    if table.names is None or not inputs.named:
        return list(zip(inputs.fields, table.columns, strict=False))
    columns = dict(zip(table.names, table.columns, strict=True))
    return [(field, columns[field.name]) for field in inputs.fields if field.name in columns]


def label(field: Field, table: Table, inputs: Inputs) -> str:
    """Return what the caller calls this input."""
    if field.name is not None:
        return f"{'Input' if inputs.tensors else 'Column'} '{field.name}'"
    if table.names is not None and field.position < len(table.names):
        return f"Column '{table.names[field.position]}'"
    return "The input" if len(inputs.fields) == 1 else f"Column {field.position}"


def check_header(names: tuple[Any, ...], inputs: Inputs) -> None:
    """Raise Refusal unless a header has the columns of the signature."""
    if inputs.named:
        _check_names(names, inputs)
    elif not inputs.tensors:
        _check_width(len(names), inputs)


def _check_names(names: tuple[Any, ...], inputs: Inputs) -> None:
    known = [str(field.name) for field in inputs.fields]
    given = set(names)
    missing = [str(f.name) for f in inputs.fields if f.required and f.name not in given]
    extra = [str(name) for name in names if name not in set(known)]
    faults = []
    if missing:
        faults.append(f"{_columns_are(missing)} missing")
    if extra:
        faults.append(f"{_columns_are(extra)} not among the model's inputs")
    if faults:
        said = " and ".join(faults)
        raise Refusal(f"{said[0].upper()}{said[1:]}.", hint=_names_hint(known, missing, extra))


def check_unnamed(form: str, inputs: Inputs) -> None:
    """Raise Refusal when input without names is meant for a model that goes by names.

    MLflow gives a bare list to the model's only input, so that one is taken.
    """
    if inputs.named and (len(inputs.fields) > 1 or form in (SPLIT, RECORDS)):
        raise Refusal(
            "The columns have no names, and this model tells its inputs apart by name.",
            hint=f"The model's inputs are {listed([str(f.name) for f in inputs.fields])}.",
        )


def refuse_value(place: str, row: int | None, value: Any, field: Field) -> Refusal:
    """Return the refusal of one value; `row` counts from 0, None when there is one value only."""
    kind = f"an {field.kind}" if field.kind == "integer" else f"a {field.kind}"
    at = place if row is None else f"{place}, row {row}"
    if value is None:
        return Refusal(
            f"{at}: null where the model needs {kind}.",
            hint="Fill the value in, or train the model with a signature that has doubles there.",
        )
    return Refusal(f"{at}: {show(value)} is not {kind}.", hint=_value_hint(field, value))


def _check_width(have: int, inputs: Inputs) -> None:
    want = len(inputs.fields)
    if have != want:
        raise Refusal(f"The body has {have} columns; the model takes {want}.")


def _check_values(field: Field, place: str, values: Sequence[Any]) -> None:
    kinds = set(map(type, values))
    if type(ABSENT) in kinds:
        if field.required:
            row = next(row for row, value in enumerate(values) if value is ABSENT)
            raise Refusal(f"{place} is missing in row {row}.")
        return
    if kinds <= _PLAIN[field.kind] or (field.kind in INTEGERS and _integers_fit(field, values)):
        return
    fits = _FITS[field.kind]
    for row, value in enumerate(values):
        if not fits(value):
            raise refuse_value(place, row, value, field)


def _integers_fit(field: Field, values: Sequence[Any]) -> bool:
    if not values or not set(map(type, values)) <= {int, bool}:
        return not values
    least, most = INTEGERS[field.kind]
    return bool(least <= min(values) and max(values) <= most)


def _is_integer(value: Any, bounds: tuple[int, int]) -> bool:
    if isinstance(value, str):
        return True  # "12" is an integer to MLflow; it refuses what is none
    if isinstance(value, float) and not value.is_integer():
        return False
    return isinstance(value, int | float) and bounds[0] <= value <= bounds[1]


def _is_float(value: Any) -> bool:
    if isinstance(value, int | float):
        return abs(value) < FLOAT_MAX or not math.isfinite(value)
    return value is None or isinstance(value, str)


def _is_boolean(value: Any) -> bool:
    return isinstance(value, int | float) and value in (0, 1)


def _is_double(value: Any) -> bool:
    return value is None or isinstance(value, int | float | str)


def _is_text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_time(value: Any) -> bool:
    return value is None or (isinstance(value, int | float | str) and not isinstance(value, bool))


# Columns of these types alone need no look at each value.
_PLAIN: Final[dict[str, frozenset[type]]] = {
    "boolean": frozenset({bool}),
    "integer": frozenset(),
    "long": frozenset(),
    "float": frozenset({bool, type(None)}),
    "double": frozenset({int, float, bool, str, type(None)}),
    "string": frozenset({str, type(None)}),
    "binary": frozenset({str, type(None)}),
    "datetime": frozenset({str, int, float, type(None)}),
}
_FITS: Final[dict[str, Callable[[Any], bool]]] = {
    "boolean": _is_boolean,
    "integer": lambda value: _is_integer(value, INTEGERS["integer"]),
    "long": lambda value: _is_integer(value, INTEGERS["long"]),
    "float": _is_float,
    "double": _is_double,
    "string": _is_text,
    "binary": _is_text,
    "datetime": _is_time,
}


def _columns_are(names: list[str]) -> str:
    return f"column {listed(names)} is" if len(names) == 1 else f"columns {listed(names)} are"


def _names_hint(known: list[str], missing: list[str], extra: list[str]) -> str:
    for name in extra[:MAX_NAMES]:
        if close := difflib.get_close_matches(name, missing or known, n=1):
            return f"Did you mean '{close[0]}' by '{name:.60}'?"
    return f"The model's inputs are {listed(known)}."


def _value_hint(field: Field, value: Any) -> str:
    if isinstance(value, list | dict):
        return "A row holds one plain value for each column."
    if field.kind == "string":
        return "Put the value in quotes."
    if field.kind in INTEGERS and isinstance(value, int | float):
        least, most = INTEGERS[field.kind]
        return f"It must be a whole number from {least} to {most}."
    return "Rows are counted from 0."
