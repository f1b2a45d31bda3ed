"""Writes about people and tokens; each in one transaction with its audit entry."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from accounts.models import ApiToken, OneTimeLink, User
from accounts.policy import SCOPES, Role, is_scope
from accounts.secrets import digest_of, new_code, new_token
from core import audit
from core.errors import ConflictError, InvalidError, NotFoundError
from core.models import Revision

ACCESS = "access"
"""The revision counter of tokens and users: caches of them re-read within a second."""

SETUP_LINK_LIFETIME = timedelta(days=1)
LONGEST_TOKEN_NAME = 100


@transaction.atomic
def create_user(
    *, username: str, password: str, role: str, email: str = "", actor: User | None
) -> User:
    """Create a person who can log in.

    Raises:
        InvalidError: the name is taken or odd, the password too weak, or the role unknown.
    """
    if role not in list(Role):
        raise InvalidError(
            f"There is no role {role!r}.", hint=f"Roles are {', '.join(Role)}.", fields={"role": []}
        )
    user = User(username=username, email=email, role=role, is_staff=role == Role.ADMINISTRATOR)
    user.is_superuser = user.is_staff
    _check(lambda: validate_password(password, user), field="password")
    user.set_password(password)
    _check(user.full_clean, field="username")
    user.save()
    Revision.bump(ACCESS)
    audit.record("created", object=f"user:{username}", actor=actor, after={"role": role})
    return user


def create_setup_link() -> str:
    """Return the code of a new link under which the first administrator creates the account.

    Older unused links end, so that only the newest one printed works.

    Raises:
        ConflictError: there is somebody already.
    """
    if User.objects.exists():
        raise ConflictError(
            "The portal has users already, so there is nothing to set up.",
            hint="Log in, or run `manage.py create_admin` on the server.",
        )
    code = new_code()
    OneTimeLink.objects.filter(purpose=OneTimeLink.Purpose.SETUP).delete()
    OneTimeLink.objects.create(
        purpose=OneTimeLink.Purpose.SETUP,
        digest=digest_of(code),
        expires=timezone.now() + SETUP_LINK_LIFETIME,
    )
    return code


@transaction.atomic
def use_setup_link(*, code: str, username: str, password: str, email: str = "") -> User:
    """Create the first administrator and end the link.

    Raises:
        NotFoundError: the link is unknown, expired or used.
        InvalidError: name or password cannot be used; the link stays good.
    """
    link = valid_setup_link(code)
    user = create_user(
        username=username, password=password, role=Role.ADMINISTRATOR, email=email, actor=None
    )
    used = OneTimeLink.objects.filter(pk=link.pk, used__isnull=True).update(used=timezone.now())
    if not used:
        raise NotFoundError("This link has been used already.")
    return user


def valid_setup_link(code: str) -> OneTimeLink:
    """Return the set-up link of `code` if it works.

    Raises:
        NotFoundError: the link is unknown, expired or used, or somebody exists already.
    """
    link = OneTimeLink.objects.filter(
        purpose=OneTimeLink.Purpose.SETUP,
        digest=digest_of(code),
        used__isnull=True,
        expires__gt=timezone.now(),
    ).first()
    if link is None or User.objects.exists():
        raise NotFoundError(
            "This set-up link does not work (any more).",
            hint="Run `manage.py setup_link` on the server for a new one, or log in.",
        )
    return link


@transaction.atomic
def change_password(*, user: User, password: str, actor: User) -> User:
    """Give `user` a new password; sessions elsewhere end with the old one.

    Raises:
        InvalidError: the password is too weak.
    """
    _check(lambda: validate_password(password, user), field="password")
    user.set_password(password)
    user.save(update_fields=["password"])
    Revision.bump(ACCESS)
    audit.record("changed the password of", object=f"user:{user.username}", actor=actor)
    return user


@transaction.atomic
def create_token(
    *,
    user: User,
    name: str,
    scopes: list[str],
    expires: datetime | None = None,
    actor: User | None,
) -> tuple[ApiToken, str]:
    """Create an API token of `user`; return its row and the secret, which is shown only now.

    Raises:
        InvalidError: no name, no scope, an unknown scope, or an expiry in the past.
    """
    if not 1 <= len(name.strip()) <= LONGEST_TOKEN_NAME:
        raise InvalidError(
            f"A token needs a name of {LONGEST_TOKEN_NAME} characters at most.",
            fields={"name": ["required, and not too long"]},
        )
    unknown = [scope for scope in scopes if not is_scope(scope)]
    if unknown or not scopes:
        raise InvalidError(
            f"{unknown[0]!r} is not a scope." if unknown else "A token needs at least one scope.",
            hint=f"Scopes are {', '.join(SCOPES)}, and predict:NAME for one deployment.",
            fields={"scopes": unknown or ["required"]},
        )
    if expires is not None and expires <= timezone.now():
        raise InvalidError(
            f"The expiry {expires.isoformat()} has passed.", fields={"expires": ["in the past"]}
        )
    secret = new_token()
    token = ApiToken.objects.create(
        user=user,
        name=name.strip(),
        digest=digest_of(secret),
        hint=secret[:8],
        scopes=sorted(set(scopes)),
        expires=expires,
    )
    Revision.bump(ACCESS)
    audit.record(
        "created",
        object=f"token:{token.pk}",
        actor=actor,
        after={"name": token.name, "user": user.username, "scopes": token.scopes},
    )
    return token, secret


@transaction.atomic
def revoke_token(*, token: ApiToken, actor: User | None) -> ApiToken:
    """End a token; it stops working everywhere within a second.

    Raises:
        ConflictError: it was revoked already.
    """
    revoked = timezone.now()
    if not ApiToken.objects.filter(pk=token.pk, revoked__isnull=True).update(revoked=revoked):
        raise ConflictError(f"Token {token} was revoked already.")
    token.revoked = revoked
    Revision.bump(ACCESS)
    audit.record("revoked", object=f"token:{token.pk}", actor=actor, before={"name": token.name})
    return token


def _check(validate: Callable[[], None], *, field: str) -> None:
    """Turn Django's ValidationError into ours."""
    try:
        validate()
    except ValidationError as error:
        fields = (
            {name: list(texts) for name, texts in error.message_dict.items()}
            if hasattr(error, "error_dict")
            else {field: list(error.messages)}
        )
        raise InvalidError(" ".join(error.messages), fields=fields) from error
