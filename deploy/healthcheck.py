"""Says whether the roles of this container work, for Docker's HEALTHCHECK and for probes.

    python -m deploy.healthcheck [web] [worker] [mlflow]

It imports nothing of the portal, so that asking every few seconds costs next to nothing.
"""

import http.client
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

_TIMEOUT: Final = 4.0
_WORKER_PROCESSES: Final = ("celery worker", "manage.py clock", "manage.py agent")


class _SocketConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("mlflow.portal", timeout=_TIMEOUT)
        self._path = str(path)

    def connect(self) -> None:
        """Connect to the socket instead of to a host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_TIMEOUT)
        self.sock.connect(self._path)


def main(roles: Sequence[str]) -> int:
    """Check the named roles (web, when none is); print what does not work; 1 if anything does."""
    checks: dict[str, Callable[[], str]] = {"web": web, "worker": worker, "mlflow": mlflow}
    for role in roles or ["web"]:
        if role not in checks:
            problem = f"There is no role {role!r}; there are {', '.join(checks)}."
        else:
            problem = checks[role]()
        if problem:
            sys.stdout.write(f"{problem}\n")
            return 1
    return 0


def web() -> str:
    """Ask whether the web process takes requests; return what is wrong, or nothing."""
    port = int(os.environ.get("PORTAL_PORT", "8000"))
    return _problem(http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT), "/readyz")


def mlflow() -> str:
    """Ask MLflow on its socket; return what is wrong, or nothing."""
    path = Path(os.environ.get("PORTAL_DATA", "var")) / "run" / "mlflow.sock"
    return _problem(_SocketConnection(path), "/health")


def worker() -> str:
    """Look for the processes of the role; return which are missing, or nothing."""
    lines = [_command_line(folder) for folder in Path("/proc").glob("[0-9]*")]
    absent = [
        wanted
        for wanted in _WORKER_PROCESSES
        if not any(set(wanted.split()) <= set(line) for line in lines)
    ]
    return f"These processes do not run: {', '.join(absent)}." if absent else ""


def _command_line(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return []


def _problem(connection: http.client.HTTPConnection, path: str) -> str:
    try:
        connection.request("GET", path)
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{path} does not answer: {error}"
    finally:
        connection.close()
    return "" if status == http.client.OK else f"{path} answers {status}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
