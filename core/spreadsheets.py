"""Cells of tables that people open in spreadsheets."""

from typing import Any


def safe_cell(value: Any) -> Any:
    """Return a value that a spreadsheet shows and never runs; numbers and None stay as they are."""
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    # What begins like a formula is run; an apostrophe makes it text.
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
