"""Cells that spreadsheets show and never run."""

import pytest

from core.spreadsheets import safe_cell


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_becomes_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", [None, -1, -0.5, True, "pH", "a=b", ""])
def test_everything_else_stays_as_it_is(value: object) -> None:
    assert safe_cell(value) is value
