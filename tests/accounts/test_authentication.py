"""How programs show who they are."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.authentication import token_in
from accounts.models import ApiToken, User
from accounts.secrets import PREFIX, digest_of
from accounts.services import revoke_token
from tests import people


def _basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        (_basic("olga", "abc"), "abc"),
        (_basic("", "abc"), "abc"),
        (_basic("olga", "a:b"), "a:b"),
        (_basic("olga", ""), None),
        ("Basic " + base64.b64encode(b"no-colon").decode(), None),
        ("Basic !!!", None),
        ("Basic " + base64.b64encode(b"a:\xff").decode(), None),
        ("Bearer", None),
        ("Bearer ", None),
        ("Token abc", None),
        ("abc", None),
        ("", None),
    ],
)
def test_the_token_in_a_header(header: str, token: str | None) -> None:
    assert token_in(header) == token


def _me(authorization: str) -> Any:
    return APIClient(headers={"authorization": authorization}).get("/api/v1/me")


@pytest.mark.django_db
def test_bearer_and_basic_are_the_same_program(olga: User) -> None:
    token, secret = people.row_and_token_of(olga, "read")
    for header in (f"Bearer {secret}", _basic("olga", secret), _basic("whoever", secret)):
        answer = _me(header)
        assert answer.status_code == 200
        assert answer.json() == {
            "username": "olga",
            "role": "operator",
            "scopes": ["read"],
            "acts": ["view"],
        }
    token.refresh_from_db()
    assert token.last_address == "127.0.0.1"


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["Bearer mlp_unknown", "Bearer", "Token x", "Basic !!"])
def test_an_unknown_token_is_401_and_names_the_scheme(header: str) -> None:
    answer = _me(header)
    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    assert answer["WWW-Authenticate"] == 'Bearer realm="portal"'


@pytest.mark.django_db
def test_the_password_of_a_person_is_no_token(olga: User) -> None:
    assert _me(_basic("olga", people.PASSWORD)).status_code == 401


@pytest.mark.django_db
def test_revoked_expired_and_disabled_stop_at_once(olga: User) -> None:
    revoked, secret = people.row_and_token_of(olga, "read")
    revoke_token(token=revoked, actor=None)
    assert _me(f"Bearer {secret}").status_code == 401

    expired, secret = people.row_and_token_of(olga, "read")
    ApiToken.objects.filter(pk=expired.pk).update(expires=timezone.now())
    assert _me(f"Bearer {secret}").status_code == 401

    secret = people.token_of(olga, "read")
    assert _me(f"Bearer {secret}").status_code == 200
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert _me(f"Bearer {secret}").status_code == 401


@pytest.mark.django_db
def test_only_the_hash_of_a_token_is_stored(olga: User) -> None:
    token, secret = people.row_and_token_of(olga, "read")
    assert secret.startswith(PREFIX)
    assert len(secret) > 40
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM accounts_apitoken")
        stored = " ".join(map(str, cursor.fetchall()))
    assert secret not in stored
    assert secret[len(token.hint) :] not in stored
    assert digest_of(secret) in stored


@pytest.mark.django_db
def test_last_used_is_written_at_most_once_a_minute(
    olga: User, django_assert_num_queries: Any
) -> None:
    token, secret = people.row_and_token_of(olga, "read")
    assert token.last_used is None
    _me(f"Bearer {secret}")
    token.refresh_from_db()
    assert token.last_used is not None
    first = token.last_used
    with django_assert_num_queries(1):
        _me(f"Bearer {secret}")
    ApiToken.objects.filter(pk=token.pk).update(last_used=first - timedelta(minutes=2))
    _me(f"Bearer {secret}")
    token.refresh_from_db()
    assert token.last_used >= first


@pytest.mark.django_db
def test_a_token_beats_the_session_that_comes_with_it(as_ada: Any, vera: User) -> None:
    secret = people.token_of(vera, "read")
    answer = as_ada.get("/api/v1/me", headers={"authorization": f"Bearer {secret}"})
    assert answer.json()["username"] == "vera"


@pytest.mark.django_db
def test_a_bad_token_is_not_made_good_by_a_session(as_ada: Any) -> None:
    answer = as_ada.get("/api/v1/me", headers={"authorization": "Bearer mlp_x"})
    assert answer.status_code == 401


@pytest.mark.django_db
def test_a_write_with_a_session_needs_the_form_token(ada: User) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(ada)
    answer = client.post("/api/v1/tokens", {"name": "x", "scopes": ["read"]})
    assert answer.status_code == 403
    assert "CSRF" in answer.json()["message"]
    assert not ApiToken.objects.exists()
