"""`manage.py mlflow`: the MLflow tracking server as a child that ends with its parent."""

import os
import signal
import subprocess
from typing import Any

import psutil
from django.core.management.base import BaseCommand

from registry import server


class Command(BaseCommand):
    """Runs MLflow's tracking server on its private socket."""

    help = "Run the MLflow tracking server (reachable only through the portal)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop; a server left over from a killed portal is ended first."""
        del args, options
        end_leftovers()
        server.prepare()
        child = subprocess.Popen(server.command(), env=server.environment(), cwd=server.FOLDER)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        signal.signal(signal.SIGINT, lambda *_: child.terminate())
        code = child.wait()
        end_leftovers()
        raise SystemExit(max(code, 0) if code != -signal.SIGTERM else 0)


def end_leftovers() -> None:
    """End every MLflow process of this data folder: its parts outlive a parent that is killed."""
    socket = str(server.socket())
    left = []
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        if process.pid != os.getpid() and any(socket in argument for argument in arguments):
            process.terminate()
            left.append(process)
    _, stubborn = psutil.wait_procs(left, timeout=5)
    for process in stubborn:
        process.kill()
