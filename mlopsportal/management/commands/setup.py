"""`manage.py setup`: everything that a data folder needs before the portal starts."""

import errno
import os
import secrets
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as DatabaseFault
from django.db.migrations.executor import MigrationExecutor

from mlopsportal.env import env
from mlopsportal.node import keep_node

_ROOM: Final = 2**20
"""Bytes that a start needs at the least: the empty databases."""


class Command(BaseCommand):
    """Makes data folder and secret key, and brings the databases to this release."""

    help = "Prepare data folder, secret key, databases and static files; safe to repeat."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Do each step that is not done yet."""
        del args
        make_data_folder()
        # The key must be in place before anything signs with it.
        if not env.registered["SECRET_KEY"].value:
            settings.SECRET_KEY = make_secret_key()
        verbosity = options["verbosity"] - 1
        for alias in databases():
            if not is_pending(alias):
                continue
            try:
                call_command(
                    "migrate", database=alias, interactive=False, verbosity=max(verbosity, 0)
                )
            except DatabaseFault as error:
                raise _unusable(alias, error) from error
        call_command("collectstatic", interactive=False, verbosity=0)


def databases() -> list[str]:
    """Return the aliases of the databases that the portal keeps its rows in."""
    return list(dict.fromkeys((DEFAULT_DB_ALIAS, settings.PREDICTIONS_DATABASE)))


def is_pending(alias: str) -> bool:
    """Return whether this release has migrations that the database has not.

    Raises:
        CommandError: the database does not answer, or a newer release wrote it.
    """
    try:
        executor = MigrationExecutor(connections[alias])
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseFault as error:
        raise _unusable(alias, error) from error
    loader = executor.loader
    known = set(loader.disk_migrations)
    for migration in loader.disk_migrations.values():
        known.update(migration.replaces)
    # Django itself says nothing of migrations that it does not know.
    newer = sorted(
        key
        for key in loader.applied_migrations
        if key[0] in loader.migrated_apps and key not in known
    )
    if newer:
        raise CommandError(
            f"The database of {_setting(alias)} was written by a newer release: this one does not "
            f"know its migration {'.'.join(newer[0])}. Run that release, or name another data "
            "folder in PORTAL_DATA."
        )
    return bool(plan)


def make_data_folder() -> None:
    """Make the data folder and the broker's folders, and let it keep the name of the node.

    Raises:
        CommandError: it cannot be written.
    """
    data = Path(settings.DATA)
    probe = data / ".writable"
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in ("broker/messages", "broker/control"):
            (data / folder).mkdir(parents=True, exist_ok=True)
        # An empty file can be made on a full disk as well.
        probe.write_bytes(bytes(_ROOM))
        probe.unlink()
        if not env.registered["PORTAL_NODE"].value:
            keep_node(data, settings.NODE)
    except OSError as error:
        full = error.errno == errno.ENOSPC
        if full:
            probe.unlink(missing_ok=True)
        todo = "Free some space" if full else "Make it writable for this user"
        raise CommandError(
            f"The data folder {data} cannot be written ({error.strerror}). "
            f"{todo}, or name another one in PORTAL_DATA."
        ) from error


def make_secret_key() -> str:
    """Return the data folder's secret key, made now if there is none."""
    path = Path(settings.DATA) / "secret_key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="utf-8").strip()
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        key = secrets.token_urlsafe(50)
        file.write(key)
    return key


def _setting(alias: str) -> str:
    return "DATABASE_URL" if alias == DEFAULT_DB_ALIAS else "PORTAL_PREDICTIONS_URL"


def _unusable(alias: str, error: DatabaseFault) -> CommandError:
    reason = " ".join(str(error).split())
    return CommandError(f"The database of {_setting(alias)} cannot be used: {reason}")
