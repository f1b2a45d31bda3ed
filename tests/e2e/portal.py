"""A whole portal in a folder of its own: set up, started, asked, killed in parts, ended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil

ROOT = Path(__file__).resolve().parent.parent.parent


class RunningPortal:
    """`manage.py up` as a child process, on a free port, with nothing of the tester's settings."""

    def __init__(self, data: Path, **environment: str) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")},
            "PORTAL_DATA": str(data),
            "PORTAL_PORT": str(self.port),
            "PORTAL_ENV_FILE": "",
            "PORTAL_REGISTRY_INTERVAL": "2s",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONWARNINGS": "",
            **environment,
        }
        for name in ("DJANGO_SETTINGS_MODULE", "SECRET_KEY", "DATABASE_URL"):
            if name not in environment:
                self.environment.pop(name, None)
        self.log = data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """Run a command of the portal and return what it printed."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=300,
        )

    def start(self, *, demo: bool = False) -> "RunningPortal":
        """Start every process; return once pages, predictions and MLflow answer."""
        arguments = [sys.executable, "manage.py", "up", *(["--demo"] if demo else [])]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                arguments, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )
        self.wait_for(self._answers, seconds=90)
        return self

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C and return the exit code."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=60)

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return the living processes of this portal whose command line has all of `words`."""
        return living(str(self.data), *words)

    def token(self, *scopes: str, user: str = "ada") -> str:
        """Return a new API token of `user`, who is made an administrator if there is nobody."""
        password = self.data.parent / "password"
        password.write_text("correct horse battery", encoding="utf-8")
        self.manage(
            "create_admin", "--username", user, "--password-file", str(password), check=False
        )
        asked = [part for scope in scopes for part in ("--scope", scope)]
        made = self.manage("create_token", "--username", user, "--name", "test", *asked)
        return made.stdout.strip()

    def client(self, token: str = "", **options: Any) -> httpx.Client:
        """Return a client that carries the token."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=120, **options)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `condition` holds; fail with the portal's last lines if it never does."""
        wait_until(condition, seconds=seconds, said=self.last_lines)

    def last_lines(self, count: int = 60) -> str:
        """Return the end of the portal's output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def _answers(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"The portal ended by itself.\n{self.last_lines()}")
        try:
            ready = httpx.get(f"{self.url}/readyz").is_success
            health = httpx.get(f"{self.url}/api/v1/health").is_success
        except httpx.TransportError:
            return False
        return ready and health and (self.data / "run" / "mlflow.sock").exists()


def free_port() -> int:
    """Return a port of the loopback that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def living(folder: str, *words: str) -> list[psutil.Process]:
    """Return the living processes of a folder whose command line has all of `words`.

    Of a folder is a process that names it in its arguments, has it as data folder or works in it.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            line = " ".join(process.cmdline())
            data = process.environ().get("PORTAL_DATA", "")
            ours = folder in line or data == folder or f"{process.cwd()}/".startswith(f"{folder}/")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if ours and all(word in line for word in words):
            found.append(process)
    return found


def wait_until(
    condition: Callable[[], bool], *, seconds: float, said: Callable[[], str] = str
) -> None:
    """Wait until `condition` holds; fail with what `said` returns if it never does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return
        time.sleep(0.2)
    raise AssertionError(f"Waited {seconds} s in vain.\n{said()}")
