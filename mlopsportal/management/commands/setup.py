"""`manage.py setup`: everything that a data folder needs before the portal starts."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from mlopsportal.env import env


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
        call_command("migrate", interactive=False, verbosity=max(verbosity, 0))
        call_command("collectstatic", interactive=False, verbosity=0)
        if settings.PREDICTIONS_DATABASE != "default":
            call_command(
                "migrate",
                database=settings.PREDICTIONS_DATABASE,
                interactive=False,
                verbosity=max(verbosity, 0),
            )


def make_data_folder() -> None:
    """Make the data folder and the broker's folders.

    Raises:
        CommandError: it cannot be written.
    """
    data = Path(settings.DATA)
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        for folder in ("broker/messages", "broker/control"):
            (data / folder).mkdir(parents=True, exist_ok=True)
        probe = data / ".writable"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise CommandError(
            f"The data folder {data} cannot be written ({error.strerror}). "
            "Make it writable for this user, or name another one in PORTAL_DATA."
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
