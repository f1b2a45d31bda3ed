"""`manage.py up`: start every process of a one-machine install, and end them together."""

import errno
import socket
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as DatabaseFault
from django.db.migrations.executor import MigrationExecutor
from django.urls import reverse

from accounts.models import User
from accounts.services import create_setup_link
from deployments.agent.loop import end_local_servers
from mlopsportal.env import env
from mlopsportal.management.commands.mlflow import end_leftovers
from mlopsportal.management.commands.setup import make_data_folder
from mlopsportal.processes import ROLES, Keeper, Program, programs


class Command(BaseCommand):
    """Starts the roles of this machine under honcho and keeps them running."""

    help = "Run the portal: web, worker and mlflow, or only some of them."
    # What a new install gets wrong is named by `preflight` in one sentence; the checks follow it.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --only and --demo."""
        parser.add_argument("--only", nargs="+", choices=ROLES, default=list(ROLES))
        parser.add_argument(
            "--demo", action="store_true", help="Create the demo if the portal is empty."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Check what can be checked, then run until told to stop."""
        del args
        roles = options["only"]
        preflight(roles)
        self.check()
        kept = programs(roles)
        is_new = not User.objects.exists()
        if is_new and options["demo"]:
            kept.append(Program("demo", [sys.executable, "manage.py", "demo"], once=True))
        elif is_new and "web" in roles:
            path = reverse("accounts:setup", args=[create_setup_link()])
            self.stdout.write(f"\nCreate the first administrator at {settings.PUBLIC_URL}{path}\n")
        else:
            self.stdout.write(f"\nThe portal starts at {settings.PUBLIC_URL}\n")
        connections.close_all()
        keeper = Keeper(kept)
        keeper.loop()
        if "mlflow" in roles:
            end_leftovers()
        if "worker" in roles:
            end_local_servers()
        # Being told to stop is how this command is meant to end.
        raise SystemExit(0 if keeper.returncode in (130, 143, None) else keeper.returncode)


def preflight(roles: list[str]) -> None:
    """Name what would keep the portal from starting.

    Raises:
        CommandError: an unknown setting, an unwritable folder, an unready database, a port in use.
    """
    unknown = env.unknown()
    if unknown:
        raise CommandError(" ".join(unknown))
    make_data_folder()
    for alias in {DEFAULT_DB_ALIAS, settings.PREDICTIONS_DATABASE}:
        _check_database(alias)
    if "web" in roles:
        _check_port()


def _check_database(alias: str) -> None:
    try:
        executor = MigrationExecutor(connections[alias])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseFault as error:
        setting = "PORTAL_PREDICTIONS_URL" if alias == "predictions" else "DATABASE_URL"
        reason = " ".join(str(error).split())
        raise CommandError(f"The database of {setting} cannot be used: {reason}") from error
    if plan:
        raise CommandError("The database is not of this release; run `manage.py setup` first.")


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
