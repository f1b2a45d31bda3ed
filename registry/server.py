"""The MLflow tracking server as a child of ours: its address, command line and environment.

It listens on a Unix socket in a folder that only the portal's user may enter, never on a port, so
that nobody reaches it but through the guarded proxy (`registry.proxy`).
"""

import os
import re
import shlex
import sys
from pathlib import Path

from django.conf import settings

from core.folders import private_folder, socket_folder

HOST_NAME = "mlflow.portal"
"""The one host name that the server answers to; only our own clients know it."""

FOLDER = Path(settings.DATA) / "mlflow"

# What a person's shell may set and a server of ours must not obey.
_FOREIGN_PREFIXES = ("MLFLOW_", "_MLFLOW_", "UVICORN_", "GUNICORN_", "PYTHONPATH")


def command() -> list[str]:
    """Return the argument list that starts the server."""
    return [
        sys.executable,
        "-m",
        "mlflow",
        "server",
        "--artifacts-destination",
        settings.ARTIFACTS_URL or str(FOLDER / "artifacts"),
        "--serve-artifacts",
        "--allowed-hosts",
        HOST_NAME,
        "--workers",
        "1",
        # uvicorn prefers the socket to the host and port that MLflow also hands it.
        "--uvicorn-opts",
        f"--uds {shlex.quote(str(socket()))} --no-access-log --log-level warning "
        "--timeout-keep-alive 75",
    ]


def socket() -> Path:
    """Return the path of the server's Unix socket."""
    return socket_folder() / "mlflow.sock"


def environment() -> dict[str, str]:
    """Return the environment of the server: the portal's own, less what would redirect it."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN_PREFIXES)}
    secrets = {"SECRET_KEY", "SECRET_KEY_FILE", "DATABASE_URL", "DATABASE_URL_FILE"}
    return {
        **{k: v for k, v in kept.items() if k not in secrets and not k.startswith("PORTAL_")},
        # Not on the command line, which everybody on the machine can read: it may hold a password.
        "MLFLOW_BACKEND_STORE_URI": backend_uri(),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_ENABLE_REMOTE_ASSISTANT": "false",
        # It would keep secrets under a passphrase that everybody knows, and fetch a catalogue of
        # models from GitHub.
        "MLFLOW_ENABLE_AI_GATEWAY": "false",
        "MLFLOW_MODEL_CATALOG_URI": "",
        "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": sources(),
        "GIT_PYTHON_REFRESH": "quiet",
        "PYTHONUNBUFFERED": "1",
    }


def backend_uri() -> str:
    """Return the URL of MLflow's own database."""
    url = str(settings.MLFLOW_DATABASE_URL) or f"sqlite:///{FOLDER / 'mlflow.sqlite3'}"
    # SQLAlchemy's plain postgresql:// means psycopg2; ours is psycopg 3.
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def sources() -> str:
    """Return the pattern of what a model version may be made from.

    Runs, logged models and files of the artifact store; the words that MLflow's client and its UI
    send for a prompt. Where the store is a bucket, also what lies there under its own address.
    """
    allowed = [r"^(mlflow-artifacts|runs|models):", r"^(prompt-template|dummy-source)\Z"]
    root = str(settings.ARTIFACTS_URL).rstrip("/")
    if "://" in root and not root.startswith("file:"):
        allowed.append(f"^{re.escape(root)}/")
    return "|".join(allowed)


def prepare() -> None:
    """Make the folders that the server writes to, closed to other users of the machine."""
    private_folder("mlflow", "artifacts")
    socket().unlink(missing_ok=True)
