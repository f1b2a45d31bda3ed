"""Asking the policy table, from REST views and from pages."""

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.http import HttpRequest, HttpResponse
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from accounts.models import User
from accounts.policy import Act, Principal, allows
from core.errors import ForbiddenError

if TYPE_CHECKING:
    # At run time the framework imports this module while it makes that one.
    from rest_framework.views import APIView

View = TypeVar("View", bound=Callable[..., HttpResponse])
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


def principal_in(request: HttpRequest | Request) -> Principal:
    """Return who asks: the program of the token, or the person of the session."""
    auth = getattr(request, "auth", None)
    return auth if isinstance(auth, Principal) else cast(User, request.user).principal


def user_in(request: HttpRequest | Request) -> User:
    """Return the person who asks, or whose token asks."""
    return cast(User, request.user)


def require(request: HttpRequest | Request, act: Act, *, of: str | None = None) -> None:
    """Refuse the request unless the policy allows `act`.

    Raises:
        ForbiddenError: role or scopes do not suffice; the message says which is missing.
    """
    principal = principal_in(request)
    if allows(principal, act, of=of):
        return
    who = "This token" if principal.token_id else f"The role {principal.role}"
    raise ForbiddenError(
        f"{who} may not {act.value.replace('_', ' ')}{f' {of}' if of else ''}.",
        hint="Ask an administrator for a role, or make a token with a scope, that may.",
    )


def requires(act: Act) -> Callable[[View], View]:
    """Let the page run only for people whose role allows `act`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            require(request, act)
            return view(request, *args, **kwargs)

        return cast(View, guarded)

    return decorate


class PolicyPermission(BasePermission):
    """Lets a REST view run as its `acts` say: method → act; reading needs VIEW unless said."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Ask the policy table for the act of this method (or of this action of a viewset)."""
        if not request.user or not request.user.is_authenticated:
            return False
        acts: dict[str, Act] = getattr(view, "acts", {})
        action = getattr(view, "action", None) or ""
        default = Act.VIEW if request.method in _READS else Act.ADMINISTER
        require(request, acts.get(action) or acts.get(str(request.method)) or default)
        return True
