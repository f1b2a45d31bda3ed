"""`manage.py setup_link`: a new one-time link for the first administrator."""

from typing import Any

from django.conf import settings
from django.urls import reverse

from accounts.services import create_setup_link
from core.commands import PortalCommand


class Command(PortalCommand):
    """Prints a link under which the first administrator creates the account."""

    help = "Print a new one-time set-up link, while nobody can log in yet."

    def act(self, options: dict[str, Any]) -> dict[str, Any]:
        """Create the link; older ones end."""
        del options
        path = reverse("accounts:setup", args=[create_setup_link()])
        return {"url": f"{settings.PUBLIC_URL}{path}"}
