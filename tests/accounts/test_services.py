"""Writes about people and tokens: created, refused, written down."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.models import OneTimeLink, User
from accounts.services import (
    change_password,
    create_setup_link,
    create_token,
    create_user,
    revoke_token,
    use_setup_link,
    valid_setup_link,
)
from core.errors import ConflictError, InvalidError, NotFoundError
from core.models import AuditEntry, Revision
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


def _user(**values: object) -> User:
    return create_user(
        **({"username": "nina", "password": PASSWORD, "role": "viewer", "actor": None} | values)  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("role", "flags"), [("administrator", True), ("operator", False), ("viewer", False)]
)
def test_only_an_administrator_may_enter_djangos_admin(role: str, flags: bool) -> None:
    user = _user(role=role)
    assert (user.is_staff, user.is_superuser) == (flags, flags)
    assert user.check_password(PASSWORD)


def test_a_new_person_is_written_down_and_caches_are_told() -> None:
    before = Revision.current("access")
    _user(role="operator")
    entry = AuditEntry.objects.get(action="created")
    assert (entry.object, entry.after) == ("user:nina", {"role": "operator"})
    assert PASSWORD not in str(entry.after)
    assert Revision.current("access") > before


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"role": "root"}, "role"),
        ({"password": "short"}, "password"),
        ({"password": "password1234"}, "password"),
        ({"username": "ninasomebody", "password": "ninasomebody1"}, "password"),
        ({"username": ""}, "username"),
        ({"username": "two words"}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"email": "no address"}, "email"),
    ],
)
def test_what_cannot_be_a_person_is_refused_by_field(values: dict[str, str], field: str) -> None:
    with pytest.raises(InvalidError) as caught:
        _user(**values)
    assert field in caught.value.fields
    assert not User.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_name_is_given_once() -> None:
    _user()
    with pytest.raises(InvalidError, match="already exists"):
        _user()


def test_a_weak_new_password_changes_nothing(vera: User) -> None:
    with pytest.raises(InvalidError):
        change_password(user=vera, password="short", actor=vera)
    assert User.objects.get(pk=vera.pk).check_password(PASSWORD)


def test_a_setup_link_makes_the_first_administrator_once() -> None:
    code = create_setup_link()
    user = use_setup_link(code=code, username="ada", password=PASSWORD)
    assert user.role == "administrator"
    with pytest.raises(NotFoundError, match="does not work"):
        use_setup_link(code=code, username="eve", password=PASSWORD)
    assert User.objects.count() == 1


def test_a_used_link_stays_used_when_whoever_it_made_is_gone() -> None:
    code = create_setup_link()
    use_setup_link(code=code, username="ada", password=PASSWORD).delete()
    with pytest.raises(NotFoundError):
        valid_setup_link(code)


def test_only_the_hash_of_a_link_is_stored() -> None:
    code = create_setup_link()
    assert code not in str(OneTimeLink.objects.values())


def test_a_refused_name_or_password_leaves_the_link_good() -> None:
    code = create_setup_link()
    with pytest.raises(InvalidError):
        use_setup_link(code=code, username="ada", password="short")
    assert use_setup_link(code=code, username="ada", password=PASSWORD).pk


def test_an_expired_link_does_not_work() -> None:
    code = create_setup_link()
    OneTimeLink.objects.update(expires=timezone.now() - timedelta(seconds=1))
    with pytest.raises(NotFoundError):
        valid_setup_link(code)


def test_a_newer_link_ends_the_older_one() -> None:
    older, newer = create_setup_link(), create_setup_link()
    with pytest.raises(NotFoundError):
        valid_setup_link(older)
    assert valid_setup_link(newer).pk


def test_once_somebody_exists_there_is_nothing_to_set_up() -> None:
    code = create_setup_link()
    _user()
    with pytest.raises(NotFoundError):
        valid_setup_link(code)
    with pytest.raises(NotFoundError):
        use_setup_link(code=code, username="eve", password=PASSWORD)
    with pytest.raises(ConflictError, match="has users already"):
        create_setup_link()


@pytest.mark.django_db(transaction=True)
def test_of_many_who_use_a_link_at_once_one_becomes_administrator() -> None:
    code = create_setup_link()
    start = threading.Barrier(5)
    made: list[User] = []

    def use(name: str) -> None:
        try:
            start.wait()
            made.append(use_setup_link(code=code, username=name, password=PASSWORD))
        except NotFoundError:
            pass  # the expected end of all but one
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=[f"u{number}"]) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["read"], "name"),
        ("x" * 101, ["read"], "name"),
        ("ci", [], "scopes"),
        ("ci", ["read", "root"], "scopes"),
        ("ci", ["deploy:wine"], "scopes"),
    ],
)
def test_what_cannot_be_a_token_is_refused(
    vera: User, name: str, scopes: list[str], field: str
) -> None:
    with pytest.raises(InvalidError) as caught:
        create_token(user=vera, name=name, scopes=scopes, actor=vera)
    assert list(caught.value.fields) == [field]


def test_an_expiry_in_the_past_is_refused(vera: User) -> None:
    with pytest.raises(InvalidError, match="has passed"):
        create_token(user=vera, name="ci", scopes=["read"], expires=timezone.now(), actor=vera)


def test_a_token_is_revoked_once_and_its_secret_is_in_no_entry(vera: User) -> None:
    token, secret = create_token(user=vera, name=" ci ", scopes=["read"], actor=vera)
    assert token.name == "ci"
    before = Revision.current("access")
    revoke_token(token=token, actor=vera)
    assert Revision.current("access") > before
    with pytest.raises(ConflictError, match="revoked already"):
        revoke_token(token=token, actor=vera)
    assert secret not in str(list(AuditEntry.objects.values()))
