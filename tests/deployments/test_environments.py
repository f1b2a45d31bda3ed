"""Environments shared by what they hold; uv itself is the one seam (the real one: end to end)."""

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection

from deployments import environments
from deployments.environments import damage_of, ensure, folder_of, interpreter, mend, python_of
from deployments.errors import BuildError
from deployments.manifest import MARKER
from deployments.models import Environment

pytestmark = pytest.mark.django_db

LOCK = "mlflow==3.17.0 --hash=sha256:00\nnumpy==1.26.4 --hash=sha256:01\n"


class Uv:
    """Does what uv would, to the folders alone, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.fails: dict[str, str] = {}

    def __call__(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        act = " ".join(arguments[:2]) if arguments[0] == "pip" else arguments[0]
        self.asked.append(arguments)
        if act in self.fails:
            raise environments._build_error(self.fails[act])
        if act == "venv":
            python = Path(arguments[-1]) / "bin" / "python"
            python.parent.mkdir(parents=True)
            python.touch()
            library = Path(arguments[-1]) / "lib"
            library.mkdir()
            for name in ("a.py", "b.py"):
                (library / name).touch()
                os.utime(library / name, (1_000_000_000, 1_000_000_000))
        stdout = LOCK if act == "pip compile" else ""
        return subprocess.CompletedProcess(arguments, 0, stdout=stdout, stderr="")

    def count(self, *act: str) -> int:
        return sum(asked[: len(act)] == act for asked in self.asked)


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: LazySettings) -> Path:
    settings.DATA = tmp_path
    return tmp_path


@pytest.fixture
def uv(monkeypatch: pytest.MonkeyPatch) -> Uv:
    found = Uv()
    monkeypatch.setattr(environments, "_uv", found)
    monkeypatch.setattr(environments, "_warm_up", lambda folder, modules: None)
    return found


def _ensure(*requirements: str, log: Callable[[str], None] = lambda text: None) -> Environment:
    wanted = list(requirements) or ["mlflow==3.17.0", "numpy"]
    return ensure(requirements=wanted, python_version="", modules=[], log=log)


def test_an_environment_is_locked_built_and_marked(uv: Uv) -> None:
    lines: list[str] = []
    row = _ensure(log=lines.append)
    assert (row.status, row.lock, row.node) == ("ready", LOCK, "testnode")
    assert (folder_of(row) / MARKER).is_file()
    assert python_of(row).is_file()
    assert row.seconds is not None
    assert "Installing 2 packages for Python" in lines[1]
    (install,) = [asked for asked in uv.asked if asked[:2] == ("pip", "install")]
    assert {"--require-hashes", "--only-binary", ":all:", "--no-deps"} <= set(install)
    (compile_,) = [asked for asked in uv.asked if asked[:2] == ("pip", "compile")]
    assert {"--only-binary", ":all:", "--generate-hashes"} <= set(compile_)


def test_the_same_requirements_share_it_and_nothing_is_asked_again(uv: Uv) -> None:
    first = _ensure()
    asked = len(uv.asked)
    lines: list[str] = []
    assert _ensure(log=lines.append) == first
    assert len(uv.asked) == asked
    assert lines == [f"The environment {first.digest[:12]} is there already."]


def test_the_same_lock_from_other_words_is_the_same_environment(uv: Uv) -> None:
    assert _ensure("mlflow==3.17.0", "numpy<2") == _ensure("mlflow", "numpy")
    assert uv.count("pip", "compile") == 2
    assert uv.count("pip", "install") == 1


def test_a_lock_once_found_holds_whatever_is_published_since(uv: Uv) -> None:
    row = _ensure()
    (folder_of(row) / MARKER).unlink()
    _ensure()
    assert uv.count("pip", "compile") == 1
    assert uv.count("pip", "install") == 2


def test_one_that_was_cut_off_is_removed_and_built_anew(uv: Uv) -> None:
    row = _ensure()
    (folder_of(row) / MARKER).unlink()
    (folder_of(row) / "rest").touch()
    lines: list[str] = []
    again = _ensure(log=lines.append)
    assert again.pk == row.pk
    assert "An unfinished environment is removed." in lines
    assert not (folder_of(row) / "rest").exists()


def test_a_whole_environment_is_not_built_again_nor_is_new_bytecode_damage(uv: Uv) -> None:
    row = _ensure()
    cache = folder_of(row) / "bin" / "__pycache__"
    cache.mkdir()
    (cache / "python.pyc").touch()
    (folder_of(row) / "later").touch()
    assert damage_of(row) == ""
    assert not mend(row, modules=[], log=_fail)
    assert uv.count("pip", "install") == 1


@pytest.mark.parametrize(
    ("harm", "words", "fresh"),
    [
        (lambda folder: shutil.rmtree(folder), "its folder is missing", False),
        (lambda folder: (folder / "bin/python").unlink(), "bin/python is missing", False),
        (lambda folder: (folder / "lib/a.py").unlink(), "lib/a.py is missing", False),
        (lambda folder: (folder / "lib/a.py").write_text("grew"), "lib/a.py is changed", True),
        (lambda folder: os.utime(folder / "lib/a.py"), "lib/a.py is changed", True),
        (lambda folder: shutil.rmtree(folder / "lib"), "2 files are missing, lib/a.py", False),
    ],
)
@pytest.mark.parametrize("again", ["ensure", "mend"])
def test_a_damaged_environment_is_built_again_from_its_own_lock_and_says_so(
    uv: Uv, again: str, harm: Callable[[Path], object], words: str, fresh: bool
) -> None:
    row = _ensure()
    folder = folder_of(row)
    harm(folder)
    lines: list[str] = []
    if again == "mend":
        assert mend(row, modules=[], log=lines.append)
    else:
        assert _ensure(log=lines.append) == row
    assert f"The environment {row.digest[:12]} is not what it was built as ({words}" in lines[0]
    assert "is ready after" in lines[-1]
    assert damage_of(row) == ""
    installs = [asked for asked in uv.asked if asked[:2] == ("pip", "install")]
    assert len(installs) == 2
    assert ("--no-cache" in installs[1]) is fresh, "uv links changed files from its cache"


def test_the_marker_of_an_earlier_release_of_the_portal_counts(uv: Uv) -> None:
    row = _ensure()
    (folder_of(row) / MARKER).write_text(row.digest)
    (folder_of(row) / "lib/a.py").unlink()
    assert damage_of(row) == ""


def test_a_build_that_fails_says_why_and_is_tried_again_when_asked(uv: Uv) -> None:
    uv.fails["pip install"] = "error: Failed to fetch: `https://index/simple/numpy/`"
    with pytest.raises(BuildError, match="package index cannot be reached"):
        _ensure()
    row = Environment.objects.get()
    assert row.status == "failed"
    assert "cannot be reached" in row.problem
    assert not list(folder_of(row).parent.glob("*.lock.txt"))
    uv.fails.clear()
    row = _ensure()
    assert (row.status, row.problem) == ("ready", "")


def test_what_cannot_be_locked_leaves_nothing_behind(uv: Uv, data: Path) -> None:
    uv.fails["pip compile"] = "  × No solution found when resolving dependencies: x"
    with pytest.raises(BuildError):
        _ensure()
    assert not Environment.objects.exists()
    assert list((data / "environments" / "locks").iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_two_that_need_it_at_once_build_it_once(uv: Uv) -> None:
    start = threading.Barrier(3)
    rows: list[Environment] = []

    def need() -> None:
        try:
            start.wait()
            rows.append(_ensure())
        finally:
            connection.close()

    threads = [threading.Thread(target=need) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(rows) == 3
    assert uv.count("pip", "install") == 1


@pytest.mark.parametrize(
    ("output", "words", "hint", "permanent"),
    [
        (
            "  × No solution found when resolving dependencies:\n  ╰─▶ Because scikit-learn==1.1.0"
            " has no wheels with a matching Python ABI tag and you require it, no.",
            "Because scikit-learn==1.1.0 has no wheels",
            "Only wheels are installed",
            True,
        ),
        (
            "  × No solution found when resolving dependencies:\n  ╰─▶ Because no-such-package was"
            " not found in the package registry and you require it.",
            "no-such-package was not found",
            "Is the name right",
            True,
        ),
        (
            "error: Request failed: error sending request for url (https://index/simple/numpy/)",
            "package index cannot be reached",
            "tried again by itself",
            False,
        ),
        (
            "  × No solution found when resolving dependencies:\n  ╰─▶ Because you require numpy<1"
            " and numpy>2, we can conclude that your requirements are unsatisfiable.",
            "Because you require numpy<1 and numpy>2",
            "can be installed together",
            True,
        ),
    ],
)
def test_uvs_own_words_become_a_sentence_and_a_next_step(
    output: str, words: str, hint: str, permanent: bool
) -> None:
    error = environments._build_error(output)
    assert words in error.message
    assert not set("×╰─▶") & set(error.message)
    assert hint in error.hint
    assert error.permanent is permanent


def test_a_very_long_explanation_is_cut() -> None:
    assert len(environments._build_error("x " * 5000).message) < 1000


def test_uv_is_told_no_secret_and_downloads_no_python(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, Any] = {}

    def run(command: list[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        seen.update(options, command=command)
        return subprocess.CompletedProcess(command, 0, "", "")

    for name in ("SECRET_KEY", "DATABASE_URL", "PORTAL_BROKER_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "canary")
    monkeypatch.setenv("UV_INDEX_URL", "https://mirror.example/simple")
    monkeypatch.setattr(environments.subprocess, "run", run)
    environments._uv("version")
    assert "canary" not in seen["env"].values()
    assert seen["env"]["UV_PYTHON_DOWNLOADS"] == "never"
    assert seen["env"]["UV_INDEX_URL"] == "https://mirror.example/simple", "a mirror is the site's"
    assert seen["command"][:3] == [sys.executable, "-m", "uv"]


def test_uv_that_takes_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **options: Any) -> None:
        raise subprocess.TimeoutExpired(command, options["timeout"])

    monkeypatch.setattr(environments.subprocess, "run", run)
    with pytest.raises(BuildError, match="took more than 30 minutes"):
        environments._uv("pip", "install")


def test_a_python_of_the_models_own_minor_version_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert interpreter("", log=_fail) == sys.executable
    assert interpreter(f"{own}.99", log=_fail) == sys.executable

    def find(*arguments: str, check: bool) -> "subprocess.CompletedProcess[str]":
        code = 0 if arguments[-1] == "3.12" else 2
        return subprocess.CompletedProcess(arguments, code, "/usr/bin/python3.12\n", "")

    monkeypatch.setattr(environments, "_uv", find)
    assert interpreter("3.12.1", log=_fail) == "/usr/bin/python3.12"
    lines: list[str] = []
    assert interpreter("3.9.5", log=lines.append) == sys.executable
    assert lines == [
        f"The model was logged with Python 3.9, which is not installed here; {own} is used."
    ]
    settings.MODEL_PYTHON = "/opt/python"
    assert interpreter("3.9.5", log=_fail) == "/opt/python"


def _fail(text: str) -> None:
    raise AssertionError(text)


def test_an_environment_whose_packages_cannot_be_imported_is_none(tmp_path: Path) -> None:
    python = tmp_path / "bin" / "python"
    python.parent.mkdir()
    python.write_text("#!/bin/sh\necho 'ModuleNotFoundError: No module named x' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(BuildError, match="No module named x") as caught:
        environments._warm_up(tmp_path, [])
    assert caught.value.permanent
