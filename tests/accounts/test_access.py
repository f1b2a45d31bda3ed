"""Tokens in memory, and sessions, for those who answer without the ORM."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from accounts.access import AccessTable, principal_of_session
from accounts.models import ApiToken, User
from accounts.policy import Role
from accounts.services import change_password, revoke_token
from core.models import Revision
from tests import people

pytestmark = pytest.mark.django_db


@pytest.fixture
def table(db: None) -> AccessTable:
    return AccessTable()


def test_a_token_is_known_after_the_next_refresh(table: AccessTable, olga: User) -> None:
    token, secret = people.row_and_token_of(olga, "predict:wine")
    assert table.principal(secret) is None
    table.refresh()
    found = table.principal(secret)
    assert found is not None
    assert (found.username, found.role) == ("olga", Role.OPERATOR)
    assert (found.scopes, found.token_id) == (frozenset({"predict:wine"}), token.pk)


def test_a_revoked_token_is_unknown_after_the_next_refresh(table: AccessTable, olga: User) -> None:
    token, secret = people.row_and_token_of(olga, "read")
    table.refresh()
    revoke_token(token=token, actor=None)
    table.refresh()
    assert table.principal(secret) is None


def test_a_token_expires_without_a_refresh(
    table: AccessTable, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    token, secret = people.row_and_token_of(olga, "read")
    ApiToken.objects.filter(pk=token.pk).update(expires=timezone.now() + timedelta(hours=1))
    table.refresh()
    assert table.principal(secret) is not None
    later = timezone.now() + timedelta(hours=2)
    monkeypatch.setattr("accounts.access.timezone.now", lambda: later)
    assert table.principal(secret) is None


def test_a_disabled_owner_takes_the_tokens_along(table: AccessTable, olga: User) -> None:
    secret = people.token_of(olga, "read")
    olga.is_active = False
    olga.save()
    Revision.bump("access")
    table.refresh()
    assert table.principal(secret) is None


def test_nothing_is_read_again_while_nothing_changed(
    table: AccessTable, olga: User, django_assert_num_queries: Any
) -> None:
    people.token_of(olga, "read")
    table.refresh()
    with django_assert_num_queries(1):
        table.refresh()


def test_use_is_written_down_with_the_next_refresh(table: AccessTable, olga: User) -> None:
    token, secret = people.row_and_token_of(olga, "read")
    table.refresh()
    table.principal(secret, address="10.1.2.3")
    table.refresh()
    token.refresh_from_db()
    assert token.last_address == "10.1.2.3"
    assert token.last_used is not None


def test_while_the_database_is_away_the_table_goes_on(
    table: AccessTable, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = people.token_of(olga, "read")
    table.refresh()

    def away(*names: str) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(Revision, "current", away)
    with pytest.raises(OperationalError):
        table.refresh()
    assert table.principal(secret) is not None


def _key(client: Client) -> str:
    return client.cookies["portal_session"].value


def test_a_session_is_the_person_who_logged_in(as_vera: Client) -> None:
    found = principal_of_session(_key(as_vera))
    assert found is not None
    assert (found.username, found.scopes, found.token_id) == ("vera", None, None)


@pytest.mark.parametrize("key", ["", "x", "a" * 32, "../../etc", "\x00"])
def test_another_key_is_nobody(key: str) -> None:
    assert principal_of_session(key) is None


def test_a_session_ends_with_its_time_the_account_the_password_and_the_logout(
    vera: User, as_vera: Client
) -> None:
    key = _key(as_vera)
    change_password(user=vera, password="another horse battery", actor=vera)
    assert principal_of_session(key) is None

    as_vera.force_login(vera)
    key = _key(as_vera)
    assert principal_of_session(key) is not None
    Session.objects.filter(pk=key).update(expire_date=timezone.now())
    assert principal_of_session(key) is None

    as_vera.force_login(vera)
    key = _key(as_vera)
    as_vera.post("/logout/")
    assert principal_of_session(key) is None

    as_vera.force_login(vera)
    key = _key(as_vera)
    User.objects.filter(pk=vera.pk).update(is_active=False)
    assert principal_of_session(key) is None


def test_a_session_that_names_a_person_without_its_hash_is_nobody(vera: User) -> None:
    session = SessionStore()
    session[SESSION_KEY] = str(vera.pk)
    session.save()
    assert principal_of_session(str(session.session_key)) is None


def test_a_changed_password_ends_the_other_browsers(vera: User, as_vera: Client) -> None:
    elsewhere = Client()
    elsewhere.force_login(vera)
    assert elsewhere.get("/api/v1/me").status_code == 200
    change_password(user=vera, password="another horse battery", actor=vera)
    assert elsewhere.get("/api/v1/me").status_code == 401
    assert as_vera.get("/api/v1/me").status_code == 401
