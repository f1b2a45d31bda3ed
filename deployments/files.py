"""A version's files on this node, fetched from the registry once."""

import shutil
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from core.folders import private_folder
from deployments.errors import ModelStartError
from registry.client import MlflowClient
from registry.models import ModelVersion

MARKER = ".complete"

_fetching: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def fetch(version: ModelVersion, *, log: Callable[[str], None]) -> Path:
    """Return the folder with the files of `version`, downloading them if they are not there.

    Raises:
        ModelStartError: a file has a name that would lie outside the folder.
        MlflowUnavailable: the tracking server does not answer.
    """
    name = f"{version.pk}-{version.created:%Y%m%d%H%M%S}"
    target = private_folder("models") / name
    # Two deployments of one version are brought up by two threads of the one agent of this node.
    with _fetching[name]:
        if not (target / MARKER).is_file() or not (target / "files").is_dir():
            shutil.rmtree(target, ignore_errors=True)
            _fetch_all(version, target / "files", log=log)
            (target / MARKER).touch()
    return target / "files"


def _fetch_all(version: ModelVersion, folder: Path, *, log: Callable[[str], None]) -> None:
    with MlflowClient() as mlflow:
        uri = version.artifact_uri or mlflow.download_uri(version.model.name, version.version)
        files = mlflow.files(uri)
        log(f"Fetching {len(files)} files of the model.")
        for path, _ in files:
            _fetch_file(mlflow, uri, path, folder)


def _fetch_file(mlflow: MlflowClient, uri: str, path: str, folder: Path) -> None:
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts:
        raise ModelStartError(f"The model holds a file called {path!r}.", permanent=True)
    local = folder / pure
    local.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with local.open("wb") as file, mlflow.stream(uri, path) as chunks:
        for chunk in chunks:
            file.write(chunk)
