"""What a model answered, brought to one entry per row of input."""

from typing import Any


def outputs_per_row(outputs: Any, *, rows: int) -> list[Any]:
    """Return one output per row: a scalar, a list (scores), or a dict (named outputs).

    A list with as many entries as rows, or named lists of that length, are spread over the rows.
    Anything else belongs to the only row there is; with several rows nobody can tell whose it is,
    and every row gets None.
    """
    if isinstance(outputs, list) and len(outputs) == rows:
        return outputs
    if isinstance(outputs, dict) and outputs and _are_columns(outputs, rows):
        names = list(outputs)
        return [
            dict(zip(names, values, strict=True)) for values in zip(*outputs.values(), strict=True)
        ]
    return [outputs] if rows == 1 else [None] * rows


def _are_columns(outputs: dict[str, Any], rows: int) -> bool:
    return all(isinstance(value, list) and len(value) == rows for value in outputs.values())
