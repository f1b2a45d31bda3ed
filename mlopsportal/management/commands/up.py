"""`manage.py up`: start every process of a one-machine install, and end them together."""

import errno
import fcntl
import os
import socket
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections
from django.urls import reverse

from accounts.models import User
from accounts.services import create_setup_link
from deployments.agent.loop import end_local_servers
from mlopsportal.demo import unfinished
from mlopsportal.env import env
from mlopsportal.management.commands.mlflow import end_leftovers
from mlopsportal.management.commands.setup import databases, is_pending, make_data_folder
from mlopsportal.processes import ROLES, Keeper, Program, programs


class Command(BaseCommand):
    """Starts the roles of this machine under honcho and keeps them running."""

    help = "Run the portal: web, worker and mlflow, or only some of them."
    # What a new install gets wrong is named by `preflight` in one sentence; the checks follow it.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --only, --setup and --demo."""
        parser.add_argument("--only", nargs="+", choices=ROLES, default=list(ROLES))
        parser.add_argument("--setup", action="store_true", help="Run `setup` first.")
        parser.add_argument(
            "--demo",
            action="store_true",
            help="Create the demo if the portal is empty, or go on with it.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check what can be checked, then run until told to stop."""
        del args
        roles = options["only"]
        held = preflight(roles, prepare=options["setup"])
        self.check()
        kept = programs(roles)
        is_new = not User.objects.exists()
        if options["demo"] and (is_new or unfinished().exists()):
            self.stdout.write("\nThe portal starts, and makes its demo in a minute or two.")
            kept.append(Program("demo", [sys.executable, "manage.py", "demo"], once=True))
        elif is_new and "web" in roles:
            path = reverse("accounts:setup", args=[create_setup_link()])
            self.stdout.write(f"\nCreate the first administrator at {settings.PUBLIC_URL}{path}")
        else:
            self.stdout.write(f"\nThe portal starts at {settings.PUBLIC_URL}")
        self.stdout.write("Ctrl-C ends all of it.\n\n")
        self.stdout.flush()
        connections.close_all()
        keeper = Keeper(kept)
        keeper.loop()
        if "mlflow" in roles:
            end_leftovers()
        if "worker" in roles:
            end_local_servers()
        if held is not None:
            held.close()
        # Being told to stop is how this command is meant to end.
        raise SystemExit(0 if keeper.returncode in (130, 143, None) else keeper.returncode)


def preflight(roles: list[str], *, prepare: bool = False) -> IO[str] | None:
    """Name what would keep the portal from starting; run `setup` on the way if asked to.

    Returns:
        The lock of the data folder, to be kept open as long as MLflow runs, if it is to run here.

    Raises:
        CommandError: an unknown setting, an unwritable folder, one that a running portal uses, a
            port in use, an unready database.
    """
    unknown = env.unknown()
    if unknown:
        raise CommandError(" ".join(unknown))
    make_data_folder()
    held = _lock() if "mlflow" in roles else None
    if "web" in roles:
        _check_port()
    if prepare:
        call_command("setup", verbosity=0)
    elif any(is_pending(alias) for alias in databases()):
        raise CommandError("The database is not of this release; run `manage.py setup` first.")
    return held


def _lock() -> IO[str]:
    """Take the data folder: a second MLflow of the same folder would end the first one's."""
    file = (Path(settings.DATA) / "up.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.seek(0)
        pid = file.read().strip()
        file.close()
        raise CommandError(
            f"The portal of {settings.DATA} runs already (process {pid}); end it first, or name "
            "another data folder in PORTAL_DATA."
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _check_port() -> None:
    with socket.socket(socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.HOST, settings.PORT))
        except OSError as error:
            why = "in use" if error.errno == errno.EADDRINUSE else f"not to be had ({error})"
            raise CommandError(
                f"Port {settings.PORT} of {settings.HOST} is {why}; stop what uses it, or set "
                "PORTAL_PORT."
            ) from error
