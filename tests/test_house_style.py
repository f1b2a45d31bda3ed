"""What the house style asks for and a walk over the syntax trees can see.

A deviation that makes sense stands in the list of its test, with the reason.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("core", "accounts", "registry", "deployments", "gateway", "monitoring")
PACKAGES = (*APPS, "mlopsportal", "drift", "modelserver")

LONGEST_FILE = 350
LONGEST_TEST_FILE = 600
LONGEST_FUNCTION = 60
LONGEST_VIEW = 40
LONGEST_TASK = 25

Function = ast.FunctionDef | ast.AsyncFunctionDef


def _files(*packages: str) -> list[Path]:
    found = [path for package in packages for path in sorted((ROOT / package).rglob("*.py"))]
    return [path for path in found if "migrations" not in path.parts]


OURS = _files(*PACKAGES)
TESTS = _files("tests")


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def _functions(path: Path) -> Iterator[Function]:
    for node in ast.walk(_tree(path)):
        if isinstance(node, Function):
            yield node


def _length(node: Function) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _modules(*names: str) -> list[Path]:
    """Return the modules (or the parts of packages) of apps that are called one of `names`."""
    files = _files(*APPS, "mlopsportal")
    return [path for path in files if path.stem in names or path.parent.name in names]


# ---- shape -----------------------------------------------------------------------------------


def test_every_module_opens_with_what_lives_here() -> None:
    silent = [
        _name(path)
        for path in [*OURS, *TESTS]
        if path.read_text(encoding="utf-8").strip() and not ast.get_docstring(_tree(path))
    ]
    assert silent == []


def test_files_can_be_read_in_one_sitting() -> None:
    long = {_name(path): len(_lines(path)) for path in OURS if len(_lines(path)) > LONGEST_FILE}
    # One list of everything that can be set, which is read from top to bottom like a table.
    long.pop("mlopsportal/settings.py", None)
    assert long == {}
    tests = {_name(p): len(_lines(p)) for p in TESTS if len(_lines(p)) > LONGEST_TEST_FILE}
    assert tests == {}


def test_most_files_are_short() -> None:
    lengths = sorted(len(_lines(path)) for path in OURS if _lines(path))
    assert lengths[len(lengths) // 2] <= 120
    assert lengths[len(lengths) * 9 // 10] <= 300


@pytest.mark.parametrize(
    ("files", "longest"),
    [
        (OURS, LONGEST_FUNCTION),
        (_modules("views"), LONGEST_VIEW),
        (_modules("tasks"), LONGEST_TASK),
    ],
    ids=["functions", "views", "tasks"],
)
def test_functions_fit_on_a_screen(files: list[Path], longest: int) -> None:
    long = {
        f"{_name(path)}:{node.name}": _length(node)
        for path in files
        for node in _functions(path)
        if _length(node) > longest
    }
    assert long == {}


def test_public_functions_and_classes_say_what_they_do() -> None:
    """Dunder methods, properties of one line and what Django or a protocol names need not."""
    silent = []
    for path in OURS:
        for node in _tree(path).body:
            named = isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_")
            if named and not ast.get_docstring(node):  # type: ignore[arg-type]
                silent.append(f"{_name(path)}:{node.name}")  # type: ignore[union-attr]
    assert silent == []


def test_more_than_three_arguments_are_named_where_they_are_given() -> None:
    """Of functions that others call; a helper stands beside its one caller.

    What the model server calls for each value of a request pays for every name it is given.
    """
    many = []
    for path in _files(*APPS, "mlopsportal", "drift"):
        for node in _tree(path).body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                positional = [argument.arg for argument in node.args.posonlyargs + node.args.args]
                if len(positional) > 3:
                    many.append(f"{_name(path)}:{node.name}({', '.join(positional)})")
    assert many == []


# ---- layers ----------------------------------------------------------------------------------


def test_services_take_what_they_act_on_by_name() -> None:
    """More than two arguments without a name make a call that says nothing."""
    many = []
    for path in _modules("services"):
        for node in _tree(path).body:
            if isinstance(node, Function) and not node.name.startswith("_"):
                many += [f"{_name(path)}:{node.name}"] if len(node.args.args) > 2 else []
    assert many == []


WRITES = {"save", "create", "update", "delete", "bulk_create", "bulk_update"} | {
    "get_or_create",
    "update_or_create",
}


def _writes(*modules: str) -> list[str]:
    """Return the places in such modules where the ORM is told to write."""
    return [
        f"{_name(path)}:{node.lineno} {ast.unparse(node.func)}"
        for path in _modules(*modules)
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in WRITES
        and ".objects" in ast.unparse(node.func)
    ]


def test_selectors_never_write() -> None:
    assert _writes("selectors") == []


def test_views_and_tasks_write_through_services_alone() -> None:
    assert _writes("views", "tasks") == []


def test_a_status_moves_by_compare_and_set_alone() -> None:
    """Rows in hand are old; only `core.transitions` sets them, after the database agreed.

    A check is no process: its row is written once, when it is known how it came out.
    """
    moved = []
    for path in _files(*APPS, "mlopsportal"):
        for node in ast.walk(_tree(path)):
            targets = node.targets if isinstance(node, ast.Assign) else []
            for target in targets:
                is_status = isinstance(target, ast.Attribute) and target.attr == "status"
                # An exception of HTTP carries a status that never moves.
                written_once = _name(path) == "monitoring/services/checks.py"
                if is_status and ast.unparse(target) != "self.status" and not written_once:
                    moved.append(f"{_name(path)}:{node.lineno}")
    assert moved == []


# ---- edges -----------------------------------------------------------------------------------

EDGES = {
    "core/jobs/runner.py": "whatever a handler raises, its job must end",
    "mlopsportal/clock.py": "one odd row must not end a duty for good",
    "gateway/serving/app.py": "no fault of ours may show a traceback to a caller",
    "gateway/shipper.py": "one odd record must not stop all that come behind it",
    "gateway/log/writer.py": "nobody may wait for ever for the thread that writes",
    "modelserver/": "a model is a stranger's program and may raise anything",
}


def test_everything_is_caught_at_the_edges_alone() -> None:
    wide = [
        f"{_name(path)}:{node.lineno}"
        for path in OURS
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or ast.unparse(node.type) in ("Exception", "BaseException"))
        and not _name(path).startswith(tuple(EDGES))
        and not any(isinstance(inner, ast.Raise) and inner.exc is None for inner in node.body)
    ]
    assert wide == []


def test_nothing_is_caught_to_be_forgotten() -> None:
    forgotten = [
        f"{_name(path)}:{node.lineno}"
        for path in OURS
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ExceptHandler) and isinstance(node.body[0], ast.Pass)
    ]
    assert forgotten == []


ENVIRONMENT = {
    "mlopsportal/env.py": "the one reader",
    "mlopsportal/asgi.py": "names the settings' module",
    "mlopsportal/celery.py": "names the settings' module",
    "mlopsportal/demo/story.py": "hands the environment on to a training program",
    "registry/server.py": "hands the environment on to MLflow, less what is ours",
    "deployments/environments.py": "hands the environment on to uv, less what is secret",
    "gateway/log/failpoints.py": "crash points of tests, read where they are",
    "modelserver/": "knows nothing of the portal's settings",
}


def test_settings_are_read_in_one_place() -> None:
    readers = {
        _name(path)
        for path in OURS
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv")
    }
    assert [name for name in sorted(readers) if not name.startswith(tuple(ENVIRONMENT))] == []


ROOTS_OF_ERRORS = {
    "core/errors.py": "the root itself",
    "mlopsportal/env.py": "read before there is Django",
    "gateway/serving/http.py": "answers of the gateway, which knows MLflow's form alone",
    "modelserver/": "knows nothing of the portal",
    "drift/": "knows nothing of the portal",
}


def test_errors_of_the_portal_have_one_root() -> None:
    others = [
        f"{_name(path)}:{node.name}"
        for path in OURS
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.ClassDef)
        and any(
            ast.unparse(base) in ("Exception", "ValueError", "RuntimeError") for base in node.bases
        )
        and not _name(path).startswith(tuple(ROOTS_OF_ERRORS))
    ]
    assert others == []


def test_an_import_inside_a_function_says_why() -> None:
    unexplained = []
    for path in OURS:
        lines = _lines(path)
        for function in _functions(path):
            # A line of reasons may stand before a group of them.
            explained = False
            for node in ast.walk(function):
                if isinstance(node, ast.Import | ast.ImportFrom):
                    here = lines[node.lineno - 1] + lines[node.lineno - 2]
                    explained = explained or "#" in here
                    if not explained:
                        unexplained.append(f"{_name(path)}:{node.lineno}")
    assert unexplained == []


# ---- tests -----------------------------------------------------------------------------------

MIRRORS_NOTHING = {
    "tests/e2e/": "the whole portal at once",
    "tests/live/": "real servers",
    "tests/scripts/": "mirrors scripts/",
    "tests/test_house_style.py": "this file",
    "tests/test_dependencies.py": "requirements and their document",
    "tests/mlopsportal/test_urls.py": "the addresses of all parts",
    "tests/gateway/stores/test_contract.py": "one contract for every store",
    "tests/gateway/log/": "writer and reader are tested fault by fault",
    "tests/modelserver/test_scoring_": "scoring once more, by what is asked of it",
    "tests/modelserver/test_main.py": "__main__, whose name is no word",
    "tests/drift/test_wine.py": "all of drift on real data",
    "tests/gateway/test_traffic.py": "the way of traffic from store to page",
    "tests/monitoring/test_lightness.py": "what pages do not import",
    "tests/modelserver/test_server.py": "the program as a process",
    "tests/accounts/management/test_commands.py": "three commands of a few lines",
    "tests/core/test_theme.py": "templates and style sheets",
}


def _mirrored(path: Path) -> bool:
    """Say whether the module, package or app that a test file is named for is there."""
    below = path.relative_to(ROOT / "tests")
    stem = below.stem.removeprefix("test_")
    folder = ROOT / below.parent
    if folder.parts[-1:] == ("management",):
        folder /= "commands"
    candidates = [folder / f"{stem}.py", folder / stem, ROOT / below.parent.parent / f"{stem}.py"]
    return any(candidate.exists() for candidate in candidates)


def test_the_tests_mirror_the_tree() -> None:
    astray = [
        _name(path)
        for path in TESTS
        if path.name.startswith("test_")
        and not _name(path).startswith(tuple(MIRRORS_NOTHING))
        and not _mirrored(path)
    ]
    assert astray == []


def test_names_of_tests_are_sentences() -> None:
    short = [
        f"{_name(path)}:{node.name}"
        for path in TESTS
        for node in _functions(path)
        if node.name.startswith("test_") and node.name.count("_") < 3
    ]
    assert short == []
