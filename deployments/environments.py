"""Virtual environments for models, built by uv, one for each set of locked requirements.

Two versions that ask for the same share one. An environment counts only once its marker file is
written, last; one that was cut off in the middle, or is not what it was built as any more, is
built anew.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from core.folders import private_folder
from deployments import manifest
from deployments.errors import BuildError, IndexUnavailable
from deployments.models import Environment

Log = Callable[[str], None]

_TIMEOUT = 1800
_DECORATION = " \u00d7\u2570\u2500\u25b6\u2502\u00b7"
"""What uv draws around its sentences."""
_SECRETS = ("SECRET_KEY", "DATABASE_URL", "PORTAL_", "AWS_")
# Importing once what every model server imports leaves compiled bytecode behind, for a second
# instead of the minute and a half that compiling the whole environment takes.
_WARM_UP = (
    "import importlib, sys\n"
    "import mlflow.pyfunc.scoring_server, mlflow.models\n"
    "for name in sys.argv[1:]:\n"
    "    importlib.import_module(name)\n"
)

_building: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def ensure(
    *, requirements: list[str], python_version: str, modules: list[str], log: Log
) -> Environment:
    """Return a ready environment for `requirements`, building it if it is not there.

    `modules` are imported once at the end, so that their bytecode is compiled. `log` is told each
    step.

    Raises:
        BuildError: a package has no wheel, does not exist, or contradicts another.
    """
    python = interpreter(python_version, log=log)
    lock = _locked(requirements, python=python, log=log)
    digest = _digest(python, lock)
    with _building[digest]:
        row, _ = Environment.objects.get_or_create(
            node=settings.NODE,
            digest=digest,
            defaults={"python_version": _version_of(python), "lock": lock},
        )
        if not _make_whole(row, python=python, modules=modules, log=log):
            log(f"The environment {digest[:12]} is there already.")
        row.refresh_from_db()
        return row


def mend(row: Environment, *, modules: list[str], log: Log) -> bool:
    """Build `row` again where it lay if it is not what it was built as; say whether it was not.

    The lock of the row is installed, so that what serves finds the very versions it was proven
    with. `modules` and `log` are as in `ensure`.

    Raises:
        BuildError: as in `ensure`.
    """
    with _building[row.digest]:
        python = interpreter(row.python_version, log=log)
        return _make_whole(row, python=python, modules=modules, log=log)


def is_there(row: Environment) -> bool:
    """Say whether the environment was finished and its interpreter can be started; quick."""
    return manifest.is_there(folder_of(row))


def damage_of(row: Environment) -> str:
    """Return in words how the environment differs from what was built; empty if it does not."""
    return str(manifest.damage(folder_of(row)) or "")


def folder_of(row: Environment) -> Path:
    """Return where the environment lies."""
    return private_folder("environments") / row.digest[:32]


def python_of(row: Environment) -> Path:
    """Return the environment's interpreter."""
    return folder_of(row) / "bin" / "python"


def interpreter(wanted: str, *, log: Log) -> str:
    """Return a Python of the minor version that the model was logged with, or the best there is."""
    if settings.MODEL_PYTHON:
        return str(settings.MODEL_PYTHON)
    minor = ".".join(wanted.split(".")[:2])
    own = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not minor or minor == own:
        return sys.executable
    found = _uv("python", "find", "--no-project", "--system", minor, check=False)
    if found.returncode == 0 and found.stdout.strip():
        return found.stdout.strip()
    log(f"The model was logged with Python {minor}, which is not installed here; {own} is used.")
    return sys.executable


def _locked(requirements: list[str], *, python: str, log: Log) -> str:
    """Return the requirements with every dependency pinned and hashed.

    The first answer is kept: the same requirements mean the same environment next month, whatever
    has been published since.
    """
    asked = "\n".join(requirements) + "\n"
    key = hashlib.sha256(f"{_platform(python)}\n{asked}".encode()).hexdigest()[:32]
    kept = private_folder("environments", "locks") / f"{key}.txt"
    if kept.is_file():
        return kept.read_text(encoding="utf-8")
    log("Finding versions that fit together.")
    source = kept.with_suffix(f".{threading.get_ident()}.in")
    source.write_text(asked, encoding="utf-8")
    try:
        done = _uv(
            *("pip", "compile", str(source), "--python", python, "--only-binary", ":all:"),
            *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"),
        )
    finally:
        source.unlink(missing_ok=True)
    partial = kept.with_suffix(f".{threading.get_ident()}.partial")
    partial.write_text(done.stdout, encoding="utf-8")
    partial.replace(kept)
    return done.stdout


def _make_whole(row: Environment, *, python: str, modules: list[str], log: Log) -> bool:
    """Build the environment unless it is there as it was built; say whether it was built."""
    folder = folder_of(row)
    damage = manifest.damage(folder)
    if damage is not None:
        if (folder / manifest.MARKER).is_file() or row.status == Environment.Status.READY:
            log(
                f"The environment {row.digest[:12]} is not what it was built as ({damage}): "
                "it is built again."
            )
        # uv links files from its cache: one that was changed in place is changed there as well.
        fresh = damage.changed != ()
        _build(row, python=python, modules=modules, log=log, fresh=fresh)
    Environment.objects.filter(pk=row.pk).update(
        status=Environment.Status.READY, problem="", last_used=timezone.now()
    )
    return damage is not None


def _build(row: Environment, *, python: str, modules: list[str], log: Log, fresh: bool) -> None:
    """Install the lock of `row` into an empty folder; `fresh` downloads all of it again."""
    Environment.objects.filter(pk=row.pk).update(status=Environment.Status.BUILDING)
    folder, began = folder_of(row), time.monotonic()
    if folder.exists():
        if not (folder / manifest.MARKER).is_file():
            log("An unfinished environment is removed.")
        # First, so that one that is half removed does not pass for a whole one.
        (folder / manifest.MARKER).unlink(missing_ok=True)
        shutil.rmtree(folder)
    packages = sum(1 for line in row.lock.splitlines() if "==" in line)
    log(f"Installing {packages} packages for Python {row.python_version}.")
    lock_file = folder.with_suffix(".lock.txt")
    lock_file.write_text(row.lock, encoding="utf-8")
    try:
        _uv("venv", "--no-project", "--python", python, str(folder))
        _uv(
            *("pip", "install", "--python", str(folder / "bin" / "python")),
            *("--require-hashes", "--only-binary", ":all:", "--no-deps", "-r", str(lock_file)),
            *(["--no-cache"] if fresh else []),
        )
        log("Compiling what every start imports.")
        _warm_up(folder, modules)
    except BuildError as error:
        Environment.objects.filter(pk=row.pk).update(
            status=Environment.Status.FAILED, problem=str(error)
        )
        raise
    finally:
        lock_file.unlink(missing_ok=True)
    size = manifest.write(folder, digest=row.digest)
    seconds = time.monotonic() - began
    Environment.objects.filter(pk=row.pk).update(seconds=seconds, size=size)
    log(f"The environment is ready after {seconds:.1f} s.")


def _warm_up(folder: Path, modules: list[str]) -> None:
    done = subprocess.run(
        [str(folder / "bin" / "python"), "-I", "-c", _WARM_UP, *modules],
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no output"])[-1]
        raise BuildError(
            f"The environment was installed, but what the model needs cannot be imported: {last}.",
            hint="The requirements of the model miss a package or a version; register it again.",
            permanent=True,
        )


def _uv(*arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    """Run uv and return what it printed.

    Raises:
        BuildError: it failed; the message is its own explanation.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(_SECRETS)}
    environment |= {"UV_PYTHON_DOWNLOADS": "never", "NO_COLOR": "1", "UV_NO_PROGRESS": "1"}
    environment.pop("VIRTUAL_ENV", None)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "uv", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise IndexUnavailable(
            f"Installing took more than {_TIMEOUT // 60} minutes and was given up.",
            hint="Is the package index reachable from this machine?",
        ) from error
    if check and done.returncode != 0:
        raise _build_error(done.stderr)
    return done


def _build_error(output: str) -> BuildError:
    """Turn uv's explanation into a sentence and a next step."""
    text = " ".join(line.strip(_DECORATION) for line in output.splitlines() if line.strip())
    text = text.replace("No solution found when resolving dependencies: ", "")
    if "no wheels" in text or "no usable wheels" in text:
        hint = (
            "Only wheels are installed. Register the model again from versions that have wheels "
            "for this Python, or set PORTAL_MODEL_PYTHON."
        )
    elif "not found in the package registry" in text:
        hint = "Is the name right, and is the package published where this machine installs from?"
    elif "error sending request" in text or "Failed to fetch" in text:
        return IndexUnavailable(
            f"The package index cannot be reached: {text[:600]}",
            hint="Check the network of this machine; the job is tried again by itself.",
        )
    else:
        hint = "Register the model again with requirements that can be installed together."
    return BuildError(f"The environment cannot be built: {text[:900]}", hint=hint, permanent=True)


def _digest(python: str, lock: str) -> str:
    return hashlib.sha256(f"{_platform(python)}\n{lock}".encode()).hexdigest()


def _platform(python: str) -> str:
    return f"{_version_of(python)} {sys.platform} {os.uname().machine}"


def _version_of(python: str) -> str:
    if python == sys.executable:
        return "{}.{}.{}".format(*sys.version_info[:3])
    done = subprocess.run([python, "-V"], capture_output=True, text=True, timeout=30, check=False)
    return done.stdout.removeprefix("Python ").strip() or python
