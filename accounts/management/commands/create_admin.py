"""`manage.py create_admin`: the first administrator, without a browser."""

import getpass
import secrets
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from accounts.policy import Role
from accounts.services import create_user
from core.commands import PortalCommand
from core.errors import InvalidError


class Command(PortalCommand):
    """Creates an administrator; the password comes from a file, a prompt, or is made up."""

    help = "Create an administrator."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add user name and where the password comes from."""
        super().add_arguments(parser)
        parser.add_argument("--username", required=True)
        parser.add_argument("--email", default="")
        parser.add_argument("--password-file", help="File that holds the password.")
        parser.add_argument(
            "--generate-password", action="store_true", help="Make one up and print it once."
        )

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Create the administrator."""
        password = _password(options)
        user = create_user(
            username=options["username"],
            password=password,
            role=Role.ADMINISTRATOR,
            email=options["email"],
            actor=None,
        )
        shown = {"password": password} if options["generate_password"] else {}
        return {"username": user.username, "role": user.role, **shown}


def _password(options: dict[str, Any]) -> str:
    if options["generate_password"]:
        return secrets.token_urlsafe(15)
    if options["password_file"]:
        path = Path(options["password_file"])
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise InvalidError(f"{path} cannot be read: {error.strerror}.") from error
    if not sys.stdin.isatty():
        raise InvalidError(
            "There is no terminal to ask for the password.",
            hint="Give --password-file or --generate-password.",
        )
    return getpass.getpass("Password: ")
