"""The people of the tests: Ada administers, Olga operates, Vera looks on, Otto may not log in."""

from accounts.models import ApiToken, User
from accounts.policy import Role
from accounts.services import create_token, create_user

PASSWORD = "correct horse battery"


def ada() -> User:
    """Return Ada, the administrator."""
    return _person("ada", Role.ADMINISTRATOR)


def olga() -> User:
    """Return Olga, the operator."""
    return _person("olga", Role.OPERATOR)


def vera() -> User:
    """Return Vera, the viewer."""
    return _person("vera", Role.VIEWER)


def otto() -> User:
    """Return Otto, an operator whose account is disabled."""
    person = _person("otto", Role.OPERATOR)
    if person.is_active:
        person.is_active = False
        person.save(update_fields=["is_active"])
    return person


def token_of(person: User, *scopes: str, name: str = "ci") -> str:
    """Return the secret of a new API token of `person` with `scopes`."""
    return row_and_token_of(person, *scopes, name=name)[1]


def row_and_token_of(person: User, *scopes: str, name: str = "ci") -> tuple[ApiToken, str]:
    """Return row and secret of a new API token of `person` with `scopes`."""
    return create_token(user=person, name=name, scopes=list(scopes), actor=None)


def _person(name: str, role: Role) -> User:
    known = User.objects.filter(username=name).first()
    return known or create_user(
        username=name,
        password=PASSWORD,
        role=role,
        email=f"{name}@example.org",
        actor=None,
    )
