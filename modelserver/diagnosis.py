"""Why a model could not be loaded, in words: the cause and the next step.

Each rule knows one kind of failure that users meet and cannot read; the exception's own type and
message are always part of what is said.
"""

import importlib.metadata
import importlib.util
import pickle
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from modelserver.answers import Refusal

LOG_AGAIN: Final = "Log the model again"
OWN_CODE: Final = (
    "if it is your own code, pass code_paths=[…] when logging; otherwise add its package to the "
    "model's requirements (extra_pip_requirements=[…]) and register the model again."
)
MAX_SAID: Final = 400


class ExampleFailed(Exception):
    """The model did not answer its own stored input example; the message has its answer."""


def explain_failure(error: BaseException, *, model_dir: Path) -> str:
    """Return what went wrong and what to do, in one to three sentences."""
    own = f"{type(error).__name__}: {_said(error)}"
    if isinstance(error, ExampleFailed | Refusal):
        return str(error)
    for cause in _causes(error):  # MLflow wraps what the model's code raised
        for rule in RULES:
            if words := rule(cause, model_dir):
                return f"{words} ({own})"
    return f"The model could not be loaded. {own}"


def _untrusted_types(error: Exception, _: Path) -> str:
    said = str(error)
    if "Untrusted types found" not in said:
        return ""
    types = sorted(set(re.findall(r"[\w.]+\.[\w.]*\w", said.partition("[")[2].partition("]")[0])))
    shown = ", ".join(f'"{name}"' for name in types) or "…"
    return (
        f"The model is stored in the skops format, which refuses types that it was not told to "
        f"trust: {shown}. {LOG_AGAIN} with skops_trusted_types=[{shown}], or with "
        'serialization_format="cloudpickle".'
    )


def _missing_module(error: Exception, _: Path) -> str:
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    package = error.name.partition(".")[0]
    if package != error.name and (package in sys.modules or importlib.util.find_spec(package)):
        return _other_version(f"Module '{error.name}' is not in the {_installed(package)}")
    return f"Module '{error.name}' is not installed in the model's environment: {OWN_CODE}"


def _missing_name(error: Exception, _: Path) -> str:
    found = re.search(r"get attribute '?([\w.]+)'? (?:on|from) <module '([\w.]+)'", str(error))
    if isinstance(error, AttributeError) and found:
        name, module = found.groups()
        if module == "__main__":
            return (
                f"The model needs '{name}', which was defined in the script or notebook that "
                f"logged it. Move it into a module of its own; {OWN_CODE}"
            )
        return _other_version(f"'{name}' is not in module '{module}'")
    if isinstance(error, ImportError) and not isinstance(error, ModuleNotFoundError):
        return (
            f"A library of the model's environment cannot be imported. Check that the versions in "
            f"its requirements fit each other; importing '{error.name or 'it'}' failed."
        )
    return ""


def _missing_file(error: Exception, model_dir: Path) -> str:
    if not isinstance(error, FileNotFoundError) or not error.filename:
        return ""
    path = Path(str(error.filename))
    name = path.relative_to(model_dir) if path.is_relative_to(model_dir) else path
    if path.name == "MLmodel":
        return "The folder is no MLflow model: it has no file 'MLmodel'. Log it with mlflow."
    return f"The file '{name}' of the model is missing. {LOG_AGAIN} and let the upload finish."


def _unreadable_pickle(error: Exception, _: Path) -> str:
    said = str(error)
    signs = (
        "incompatible dtype",
        "binary incompatibility",
        "unsupported pickle protocol",
        "BitGenerator",
        "code() argument",
        "code expected at most",
        "__setstate__",
    )
    if any(sign in said for sign in signs):
        return _other_version("The stored model cannot be read by the installed libraries")
    if isinstance(error, pickle.UnpicklingError | EOFError | UnicodeDecodeError):
        return f"The stored model is damaged or cut off. {LOG_AGAIN}."
    return ""


def _no_pyfunc(error: Exception, _: Path) -> str:
    if 'does not have the "python_function" flavor' not in str(error):
        return ""
    return (
        "The model has no python_function flavour, so MLflow cannot predict with it. "
        f"{LOG_AGAIN} with a flavour that has predict(), or as mlflow.pyfunc.PythonModel."
    )


def _pickle_forbidden(error: Exception, _: Path) -> str:
    if "MLFLOW_ALLOW_PICKLE_DESERIALIZATION" not in str(error):
        return ""
    return "MLflow was told not to load models. Remove MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false."


def _no_memory(error: Exception, _: Path) -> str:
    if not isinstance(error, MemoryError):
        return ""
    return "The model needs more memory than it may have. Raise the deployment's memory limit."


def _not_permitted(error: Exception, _: Path) -> str:
    if not isinstance(error, PermissionError):
        return ""
    return "The model touched a file that it may not. Models read their own artifacts only."


RULES: Final[tuple[Callable[[Exception, Path], str], ...]] = (
    _untrusted_types,
    _missing_module,
    _missing_name,
    _missing_file,
    _unreadable_pickle,
    _no_pyfunc,
    _pickle_forbidden,
    _no_memory,
    _not_permitted,
)


def _causes(error: BaseException) -> Iterator[Exception]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, Exception):
            yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


def _other_version(what: str) -> str:
    return (
        f"{what}: the model was stored with another version of a library than its requirements "
        f"name. {LOG_AGAIN} from an environment whose versions are those of its requirements."
    )


def _installed(module: str) -> str:
    distributions = importlib.metadata.packages_distributions().get(module, [])
    if not distributions:
        return f"installed '{module}'"
    name = distributions[0]
    return f"installed {name} {importlib.metadata.version(name)}"


def _said(error: BaseException) -> str:
    said = " ".join(str(error).split())
    return said if len(said) <= MAX_SAID else said[: MAX_SAID - 1] + "…"
