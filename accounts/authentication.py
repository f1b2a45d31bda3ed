"""How programs show who they are: an API token as Bearer, or as the password of Basic."""

import base64
import binascii
from typing import TYPE_CHECKING

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken
from accounts.policy import Principal, Role
from accounts.secrets import digest_of
from core.context import carry_token

if TYPE_CHECKING:
    from accounts.models import User

USED_RESOLUTION = 60.0
"""`last used` is written at most once in so many seconds, not with every request."""


def token_in(authorization: str) -> str | None:
    """Return the token that an `Authorization` header carries, or None if it carries none."""
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip() or None
    if scheme.lower() == "basic":
        try:
            _, colon, password = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return password if colon and password else None
    return None


def principal_of(token: ApiToken) -> Principal:
    """Return the program that carries `token`, as the policy table knows it."""
    return Principal(
        user_id=token.user_id,
        username=token.user.username,
        role=Role(token.user.role),
        scopes=frozenset(token.scopes),
        token_id=token.pk,
        token_name=token.name,
    )


class TokenAuthentication(BaseAuthentication):
    """Authenticates REST requests by API token, straight from the database."""

    def authenticate(self, request: Request) -> "tuple[User, Principal] | None":
        """Return the token's owner and the program, or None without an Authorization header."""
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        secret = token_in(header)
        if secret is None:
            raise AuthenticationFailed(
                "The Authorization header must be 'Bearer TOKEN', or Basic with the token as "
                "password."
            )
        token = ApiToken.objects.select_related("user").filter(digest=digest_of(secret)).first()
        if token is None or not token.is_valid() or not token.user.is_active:
            raise AuthenticationFailed("This API token is unknown, expired or revoked.")
        note_use(token, address=request.META.get("REMOTE_ADDR", ""))
        principal = principal_of(token)
        carry_token(principal.token_label)
        return token.user, principal

    def authenticate_header(self, request: Request) -> str:
        """Make missing credentials a 401 that names the scheme."""
        del request
        return 'Bearer realm="portal"'


def note_use(token: ApiToken, *, address: str) -> None:
    """Write down that the token was used now from `address`."""
    now = timezone.now()
    if token.last_used is None or (now - token.last_used).total_seconds() > USED_RESOLUTION:
        ApiToken.objects.filter(pk=token.pk).update(last_used=now, last_address=address)
