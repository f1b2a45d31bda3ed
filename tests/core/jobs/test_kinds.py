"""The registry of what can run in the background."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from core.errors import NotFoundError
from core.jobs import kinds
from tests.core.jobs.conftest import Work

APPS = ("core", "accounts", "registry", "deployments", "gateway", "monitoring", "mlopsportal")


def _enqueued_names() -> Iterator[tuple[str, str]]:
    """Yield (place, name) of every first argument of a call of `enqueue…`, resolved if a name."""
    for app in APPS:
        for path in sorted((Path(settings.BASE_DIR) / app).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.Call) and _called(node) in ("enqueue", "enqueue_scheduled"):
                    yield f"{path.name}:{node.lineno}", _value(node.args[0], path, tree)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def _value(node: ast.expr, path: Path, tree: ast.Module) -> str:
    """Return a literal, or the value of a constant of the module it stands in or comes from."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.Name):
        module = path.relative_to(settings.BASE_DIR).with_suffix("").as_posix().replace("/", ".")
        found = getattr(__import__(module, fromlist=["_"]), node.id, None)
        if isinstance(found, str):
            return found
    return f"?{ast.unparse(node)}"


def test_every_name_that_is_enqueued_is_a_kind_that_exists() -> None:
    # These pass on the kind of a row or entry that was checked when it was written.
    passed_on = {"?row.kind", "?entry.kind", "?kind"}
    found = dict(_enqueued_names())
    assert len(found) >= 3, "the walk sees nothing any more"
    unknown = {
        place: name
        for place, name in found.items()
        if name not in passed_on and name not in kinds._kinds
    }
    assert unknown == {}


def test_an_unknown_kind_is_refused_with_its_name() -> None:
    with pytest.raises(NotFoundError, match="called 'tests.odd'"):
        kinds.kind("tests.odd")


def test_a_kind_has_a_title_and_an_unknown_one_is_called_by_its_name(work: Work) -> None:
    assert kinds.title_of("tests.work") == "Work of tests"
    assert kinds.title_of("tests.odd") == "tests.odd"
