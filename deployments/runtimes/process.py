"""Model servers as process groups of this machine, found again by pid and start time."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psutil
from django.conf import settings

from core.folders import private_folder, socket_folder
from core.owners import Owner, boot_id, start_of
from deployments.models import ModelServer
from deployments.runtimes.protocol import Progress
from modelserver.client import ModelServerDown, call
from modelserver.frames import FrameError

_PING_EVERY: Final = 5.0
_PING_PATIENCE: Final = 0.5
_LOOK_EVERY: Final = 0.05

PROGRAM: Final = Path(settings.BASE_DIR) / "modelserver" / "__main__.py"


class ProcessRuntime:
    """Runs each model server in a session of its own, with a clean environment."""

    def __init__(self) -> None:
        # Held so that ended children are collected and do not stay as zombies.
        self._children: dict[int, subprocess.Popen[bytes]] = {}
        # Per model server: when it was last asked, when it last answered, how long it was busy.
        self._pings: dict[int, tuple[float, float, float]] = {}

    def start(self, server: ModelServer) -> str:
        """Start the process and return its owner text."""
        self._collect()
        self._pings.pop(server.pk, None)
        home = self._home(server)
        home.mkdir(mode=0o700, exist_ok=True)
        (home / "progress.jsonl").unlink(missing_ok=True)
        command = [
            *(server.python, str(PROGRAM)),
            *("--model", server.model_path),
            *("--socket", str(self.socket(server))),
            *("--progress", str(home / "progress.jsonl")),
            *("--drain", str(settings.PREDICT_TIMEOUT.total_seconds())),
        ]
        with self.log_file(server).open("ab") as log:
            child = subprocess.Popen(
                command,
                cwd=home,
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._children[child.pid] = child
        return str(_owner(child.pid))

    def find(self, server: ModelServer) -> str:
        """Return the owner text of a running process of `server`, or an empty string."""
        socket = str(self.socket(server))
        for process, arguments in _model_servers():
            if socket in arguments:
                return str(_owner(process.pid))
        return ""

    def is_alive(self, server: ModelServer) -> bool:
        """Say whether the process that the row names still runs."""
        self._collect()
        owner = Owner.parse(server.owner)
        return owner is not None and owner.is_here and owner.is_alive

    def ask_to_stop(self, server: ModelServer) -> None:
        """Send SIGTERM to the process itself: what it started, it ends."""
        owner = Owner.parse(server.owner)
        if owner is not None and owner.is_alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(owner.pid, signal.SIGTERM)

    def kill(self, server: ModelServer) -> None:
        """Send SIGKILL to every process of the group."""
        for process in _group(server):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._collect()

    def remains(self, server: ModelServer) -> bool:
        """Say whether any process of the group is left."""
        self._collect()
        return any(True for _ in _group(server))

    def clean_up(self, server: ModelServer) -> None:
        """Remove socket and scratch files of a process that has ended."""
        self.socket(server).unlink(missing_ok=True)
        shutil.rmtree(self._home(server), ignore_errors=True)

    def stuck_for(self, server: ModelServer) -> float:
        """Return for how many seconds one prediction has kept the live model server busy.

        A server whose loop does not even answer (a model may hold the interpreter's lock) is
        taken as busy since it last did.
        """
        now = time.monotonic()
        asked, since, busy = self._pings.get(server.pk, (0.0, now, 0.0))
        if now - asked < _PING_EVERY:
            return busy
        try:
            answer = call(self.socket(server), "ping", timeout=_PING_PATIENCE).json()
        except (ModelServerDown, TimeoutError, FrameError):
            busy = now - since
        else:
            since, busy = now, float(answer.get("busy_ms") or 0.0) / 1000
        self._pings[server.pk] = (now, since, busy)
        return busy

    def progress(self, server: ModelServer) -> list[Progress]:
        """Return the steps that the process has reported since it started."""
        path = self._home(server) / "progress.jsonl"
        if not path.is_file():
            return []
        steps = []
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            # The last line may be half written: it will be whole at the next look.
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                steps.append(
                    Progress(
                        step=str(entry.get("step", "")),
                        message=str(entry.get("message") or ""),
                        error_type=str(entry.get("error_type") or ""),
                    )
                )
        return steps

    def socket(self, server: ModelServer) -> Path:
        """Return the Unix socket under which the model answers."""
        return socket_path(server.pk)

    def log_file(self, server: ModelServer) -> Path:
        """Return the file with the output of the process."""
        return private_folder("logs", "models") / f"{server.pk}.log"

    def kill_strangers(self, known: set[int]) -> int:
        """End the model servers of this data folder whose rows are not in `known`."""
        sockets = {str(socket_path(pk)) for pk in known}
        killed = 0
        for process, arguments in _model_servers():
            if not sockets.intersection(arguments):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    # By its group: what is left may be a child of a leader that is gone.
                    os.killpg(os.getpgid(process.pid), signal.SIGKILL)
                    killed += 1
        return killed

    def end_all(self, *, patience: float) -> int:
        """Ask every model server of this data folder to end; kill after `patience` seconds.

        One without requests in flight ends at once. Returns how many had to be killed.
        """
        for process, _ in _model_servers():
            with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
                if os.getsid(process.pid) == process.pid:  # what it started, it ends
                    process.terminate()
        until = time.monotonic() + patience
        while time.monotonic() < until and next(_model_servers(), None) is not None:
            self._collect()
            time.sleep(_LOOK_EVERY)
        return self.kill_strangers(set())

    def _home(self, server: ModelServer) -> Path:
        return private_folder("servers") / str(server.pk)

    def _collect(self) -> None:
        for pid, child in list(self._children.items()):
            if child.poll() is not None:
                del self._children[pid]


def socket_path(server_id: int) -> Path:
    """Return the Unix socket of the model server with that id."""
    return socket_folder() / f"model-{server_id}.sock"


def _owner(pid: int) -> Owner:
    return Owner(node=settings.NODE, boot=boot_id(), pid=pid, started=start_of(pid))


def _model_servers() -> Iterator[tuple[psutil.Process, list[str]]]:
    """Yield the running model servers of this data folder with their arguments."""
    folder = str(socket_folder())
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
            alive = process.status() != psutil.STATUS_ZOMBIE
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        ours = str(PROGRAM) in arguments and any(a.startswith(folder) for a in arguments)
        if alive and ours:
            yield process, arguments


def _group(server: ModelServer) -> Iterator[psutil.Process]:
    """Yield every living process of the server's session.

    The kernel gives a pid to nobody else while a session of that number has members, so that
    the number is safe to use even after its first process has ended.
    """
    owner = Owner.parse(server.owner)
    if owner is None or not owner.is_here or owner.boot != boot_id():
        return
    leader = start_of(owner.pid)
    if leader and leader != owner.started:
        return
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == owner.pid and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (ProcessLookupError, psutil.NoSuchProcess, PermissionError):
            continue


def _environment(home: Path) -> dict[str, str]:
    """Return what a model server finds in its environment: nothing of the portal's."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(home),
        "TMPDIR": str(home),
        "LANG": "C.UTF-8",
        "PYTHONNOUSERSITE": "1",
        "PYTHONUNBUFFERED": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "DO_NOT_TRACK": "true",
        # One predict runs at a time; more threads of BLAS only take time from other models.
        "OMP_NUM_THREADS": "1",
    }
