"""`manage.py create_token`: an API token, printed once."""

from argparse import ArgumentParser
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from accounts.policy import SCOPES
from accounts.services import create_token
from core.commands import PortalCommand
from core.errors import InvalidError, NotFoundError


class Command(PortalCommand):
    """Creates an API token of a user."""

    help = "Create an API token and print it once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add owner, name, scopes and lifetime."""
        super().add_arguments(parser)
        parser.add_argument("--username", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument(
            "--scope", action="append", required=True, help=", ".join([*SCOPES, "predict:NAME"])
        )
        parser.add_argument("--days", type=int, help="Days until it expires; never without.")

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Create the token."""
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise NotFoundError(f"There is no user {options['username']!r}.")
        token, secret = create_token(
            user=user,
            name=options["name"],
            scopes=options["scope"],
            expires=_expiry(options["days"]),
            actor=None,
        )
        return {"token": secret, "name": token.name, "scopes": token.scopes}

    def say(self, result: dict[str, Any]) -> None:
        """Print the token alone, for shells."""
        self.stdout.write(result["token"])


def _expiry(days: int | None) -> datetime | None:
    try:
        return None if days is None else timezone.now() + timedelta(days=days)
    except OverflowError as error:
        raise InvalidError(f"{days} days reach beyond the calendar.") from error
