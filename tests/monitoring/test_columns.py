"""Roles of columns: inputs by the signature, the target by the tag or because it is left over."""

import pytest

from core.errors import InvalidError
from monitoring.columns import roles_of
from registry.models import ModelVersion, RegisteredModel


def a_version(inputs=("a", "b"), *, tag="", kind="double"):
    entries = [{"name": name, "type": kind, "required": True} for name in inputs]
    return ModelVersion(
        model=RegisteredModel(name="wine"),
        version="1",
        details={"inputs": entries},
        tags={"portal.target": tag} if tag else {},
    )


def test_the_column_that_is_left_over_is_the_target():
    roles = roles_of(a_version(), ["b", "y", "a"])
    assert (roles.inputs, roles.target, roles.notes) == (("a", "b"), "y", ())


def test_several_that_are_left_over_are_named():
    roles = roles_of(a_version(), ["a", "b", "x", "y"])
    assert roles.target is None
    assert "x, y are no inputs" in roles.notes[0] and "portal.target" in roles.notes[0]


def test_the_tag_decides():
    assert roles_of(a_version(tag="y"), ["a", "b", "x", "y"]).target == "y"


def test_a_tag_that_names_no_column_is_said():
    roles = roles_of(a_version(tag="z"), ["a", "b", "y"])
    assert roles.target is None
    assert "names 'z', which the data set does not have" in roles.notes[0]


def test_nothing_left_over_is_said():
    assert "no column besides the inputs" in roles_of(a_version(), ["a", "b"]).notes[0]


def test_a_tensor_signature_names_no_columns():
    version = a_version(["input-0"], tag="y", kind="tensor float64 [-1, 2]")
    roles = roles_of(version, ["a", "b", "y"])
    assert (roles.inputs, roles.target) == (("a", "b"), "y")


def test_long_lists_are_cut():
    columns = [f"c{number}" for number in range(40)]
    with pytest.raises(InvalidError, match="c11 and 28 more, the model takes a, b"):
        roles_of(a_version(), columns)
