"""Log-ins, log-outs and failed log-ins, written down wherever they happen.

Django's own signals, the one place that the login page, the admin's and the set-up link share.
"""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver

from accounts.failures import FailureCount
from accounts.models import User
from core import audit
from core.context import origin

if TYPE_CHECKING:
    from django.http import HttpRequest

failures = FailureCount()


@receiver(user_logged_in)
def note_login(sender: Any, user: User, **more: Any) -> None:
    """Write down that `user` logged in."""
    del sender, more
    audit.record("logged in", object=f"user:{user.username}", actor=user)


@receiver(user_logged_out)
def note_logout(sender: Any, user: User | None, **more: Any) -> None:
    """Write down that `user` logged out; nobody was logged in if there is none."""
    del sender, more
    if user is not None:
        audit.record("logged out", object=f"user:{user.username}", actor=user)


@receiver(user_login_failed)
def note_failure(
    sender: Any, credentials: dict[str, Any], request: "HttpRequest | None" = None, **more: Any
) -> None:
    """Write down a failed log-in, the more seldom the more there are.

    A name that is nobody's is not kept: it may be a password, typed into the wrong field.
    """
    del sender, request, more
    name = str(credentials.get(User.USERNAME_FIELD, ""))
    known = "\0" not in name and User.objects.filter(username=name).exists()
    subject = f"user:{name}" if known else "an unknown name"
    attempts = failures.add(subject, origin().address)
    if attempts is not None:
        audit.record(
            "failed to log in",
            object=subject,
            actor=None,
            who="somebody",
            after={"attempts this hour": attempts},
        )
