"""Why MLflow refused an input: the column, row and value at fault, found by asking MLflow again.

MLflow's own messages echo the whole input and often name no column. So each column is given to
MLflow alone; in the first that it refuses, halving finds the shortest run of rows that it refuses,
whose last row is at fault. It runs only after a refusal and asks about 20 times for a million rows.
"""

import csv
import functools
import re
from collections.abc import Callable, Sequence
from io import StringIO
from typing import Any, Final

import pandas as pd

from modelserver import compat
from modelserver.answers import Refusal, scrub, show
from modelserver.checks import label, pairs, refuse_value
from modelserver.signature import Field, Inputs
from modelserver.tables import CSV, INPUTS, PARQUET, RECORDS, SPLIT, Table

# MLflow quotes the repr of the exception behind its own: 'ValueError("could not convert …")'.
_WRAPPED: Final = re.compile(
    r"""(?P<outer>['"]?)\w+\((?P<inner>['"])(?P<said>.*)(?P=inner)\)(?P=outer)""", re.DOTALL
)


def explain(
    error: Exception, *, table: Table | None, payload: Any, inputs: Inputs | None
) -> Refusal:
    """Return the refusal of an input that MLflow did not take, in one sentence.

    `table` and `payload` are the input as it came, where it has columns or came as JSON.
    """
    if isinstance(payload, list) and (ragged := _ragged(payload)) is not None:
        return Refusal(f"Row {ragged} of the input has another length than row 0.")
    by_column = inputs is not None and (inputs.named or not inputs.tensors)
    if table is not None and inputs is not None and by_column:
        if not inputs.tensors and (refusal := _uneven(table)):
            return refusal
        for field, values in pairs(table, inputs):
            if refusal := _column_refusal(table, field, values, label(field, table, inputs)):
                return refusal
    return Refusal(
        f"The input does not fit the model: {_reason(error)}",
        hint="The deployment's page shows the inputs that this model takes.",
    )


def explain_params(params: dict[str, Any], schema: Any) -> Refusal | None:
    """Return the refusal of the first parameter that MLflow does not take, None if it takes all."""
    for name, value in params.items():
        asked = functools.partial(compat.enforce_params, {name: value}, schema)
        if _raised(asked) is not None:
            return Refusal(f"Parameter '{name:.60}': {show(value)} is not {_kind(name, schema)}.")
    return None


def _kind(name: str, schema: Any) -> str:
    """Return what a parameter takes, in words: `a double`, `a list of long`."""
    spec = next(spec for spec in schema.params if spec.name == name)
    kind = getattr(spec.dtype, "name", "object")
    if spec.shape is not None:
        return f"a list of {kind}"
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


def _column_refusal(
    table: Table, field: Field, values: Sequence[Any], place: str
) -> Refusal | None:
    error = _refused(table, field, values)
    if error is None:
        return None
    accepted, refused = 0, len(values)
    while refused - accepted > 1:
        middle = (accepted + refused) // 2
        if _refused(table, field, values[:middle]) is None:
            accepted = middle
        else:
            refused = middle
    row = refused - 1
    if row < 0 or _refused(table, field, values[row : row + 1]) is None:
        return Refusal(f"{place}: {_reason(error)}")
    if field.scalar:
        return refuse_value(place, row, values[row], field)
    return Refusal(f"{place}, row {row}: {_reason(error)}")


def _refused(table: Table, field: Field, values: Sequence[Any]) -> Exception | None:
    def ask() -> None:
        compat.enforce_one(_parse_alone(table, field, list(values)), field.spec)

    return _raised(ask)


def _raised(ask: Callable[[], None]) -> Exception | None:
    try:
        ask()
    except Exception as error:  # noqa: BLE001  whatever MLflow raises is what is looked for
        return error
    return None


def _parse_alone(table: Table, field: Field, values: list[Any]) -> Any:
    """Read one column as the whole body was read."""
    schema = compat.schema_of(field.spec)
    name = field.name
    if table.form == PARQUET:
        return pd.DataFrame({name or 0: values})
    if table.form == CSV:
        text = StringIO()
        csv.writer(text).writerows([[name or "0"], *([value] for value in values)])
        return compat.read_csv(text.getvalue(), schema)
    if table.form == SPLIT:
        split = {"data": [[value] for value in values]}
        named = split if name is None else {**split, "columns": [name]}
        return compat.read_json(SPLIT, named, schema)
    if name is None or table.names is None:
        rows = [[value] for value in values] if table.form == RECORDS else values
        return compat.read_json(table.form, rows, schema)
    if table.form == INPUTS:
        return compat.read_json(INPUTS, {name: values}, schema)
    return compat.read_json(table.form, [{name: value} for value in values], schema)


def _uneven(table: Table) -> Refusal | None:
    lengths = {str(name): len(c) for name, c in zip(table.names or (), table.columns, strict=False)}
    if len(set(lengths.values())) < 2:
        return None
    (first, rows), *others = lengths.items()
    name, other = next(item for item in others if item[1] != rows)
    return Refusal(f"Columns '{first:.60}' and '{name:.60}' differ: {rows} and {other} values.")


def _ragged(rows: list[Any]) -> int | None:
    lengths = [len(row) if isinstance(row, list) else -1 for row in rows]
    return next((row for row, length in enumerate(lengths) if length != lengths[0]), None)


def _reason(error: Exception) -> str:
    """Return what MLflow says at the end, after the data that it echoes."""
    message = str(getattr(error, "message", error))
    reason = message.rpartition("Error: ")[2].strip().removeprefix("Invalid input. ")
    if wrapped := _WRAPPED.fullmatch(reason):
        reason = wrapped["said"]
    if "inhomogeneous" in reason:
        return "Lists in it have unequal lengths."
    reason = scrub(reason) or type(error).__name__
    return reason if reason.endswith((".", "…")) else f"{reason}."
