"""`manage.py demo`: the whole loop on a running portal, in about a minute."""

import os
import secrets
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from accounts.models import User
from accounts.policy import Role
from accounts.services import create_token, create_user, revoke_token
from core.commands import PortalCommand
from mlopsportal.demo import unfinished
from mlopsportal.demo.story import NAME, Story

ADMINISTRATOR = "ada"
_SCOPES = ["read", "register", "deploy", "monitor", "predict", "backfill"]


class Command(PortalCommand):
    """Trains, deploys, sends good and then skewed traffic, and ends with an open alarm."""

    help = "Create the demo on a running portal: model, deployment, traffic, reports, alarm."

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Create the administrator if there is nobody, then tell the story."""
        del options
        began = time.monotonic()
        user, password = _administrator()
        if password:
            # Said first, so that one can look around while the story goes on.
            self._say_login(password)
        token, secret = create_token(
            user=user,
            name="demo",
            scopes=_SCOPES,
            expires=timezone.now() + timedelta(hours=1),
            actor=user,
        )
        try:
            told = Story(base_url=_local_url(), token=secret, say=self.stdout.write).tell()
        finally:
            revoke_token(token=token, actor=user)
        unfinished().unlink(missing_ok=True)
        if password:
            self._say_login(password)
        return {
            "deployment": NAME,
            "rows": told["sent"],
            "verdict": told["headline"],
            "seconds": round(time.monotonic() - began, 1),
            "look": f"{settings.PUBLIC_URL}/alarms/",
        }

    def _say_login(self, password: str) -> None:
        self.stdout.write("")
        self.stdout.write(f"  Open      {settings.PUBLIC_URL}")
        self.stdout.write(f"  User      {ADMINISTRATOR}")
        self.stdout.write(f"  Password  {password}")
        self.stdout.write("")
        self.stdout.flush()


def _administrator() -> tuple[User, str]:
    """Return an administrator, and the password if this demo, cut off or not, made the account."""
    found = User.objects.filter(role=Role.ADMINISTRATOR, is_active=True).order_by("pk").first()
    password = _password(make=found is None)
    if found is not None:
        return found, password if found.check_password(password) else ""
    user = create_user(
        username=ADMINISTRATOR, password=password, role=Role.ADMINISTRATOR, actor=None
    )
    return user, password


def _password(*, make: bool) -> str:
    path = unfinished()
    if path.is_file():
        return path.read_text(encoding="utf-8")
    if not make:
        return ""
    password = secrets.token_urlsafe(15)
    scratch = path.with_suffix(".new")
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(password)
    scratch.replace(path)
    return password


def _local_url() -> str:
    """Return where this machine reaches the portal, whatever its public address is."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.HOST, settings.HOST)  # noqa: S104
    return f"http://{host}:{settings.PORT}"
