"""REST about access: who am I, and my tokens."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import ApiToken, User
from core.models import AuditEntry
from tests import factories, people
from tests.conftest import Api

pytestmark = pytest.mark.django_db


def _post(client: Client, body: Any) -> Any:
    return client.post("/api/v1/tokens", body, content_type="application/json")


def test_me_in_a_session_names_role_and_acts(as_vera: Client) -> None:
    assert as_vera.get("/api/v1/me").json() == {
        "username": "vera",
        "role": "viewer",
        "scopes": None,
        "acts": ["view", "predict", "own_tokens"],
    }


def test_a_token_is_made_once_shown_once_and_listed_without_its_secret(as_vera: Client) -> None:
    made = _post(as_vera, {"name": "ci", "scopes": ["predict:wine", "read", "read"]})
    assert made.status_code == 201, made.content
    secret = made.json()["token"]
    assert made.json()["scopes"] == ["predict:wine", "read"]
    assert made.json()["status"] == "active"
    listed = as_vera.get("/api/v1/tokens").json()["results"]
    assert len(listed) == 1
    assert secret not in str(listed)
    assert listed[0]["hint"] == secret[:8]


def test_a_token_cannot_make_tokens(api: Api, ada: User) -> None:
    answer = api(ada).post("/api/v1/tokens", {"name": "x", "scopes": ["read"]})
    assert answer.status_code == 403
    assert "cannot make tokens" in answer.json()["message"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": "x"},
        {"name": "x", "scopes": []},
        {"name": "x", "scopes": "predict"},
        {"name": "x", "scopes": ["root"]},
        {"name": "x", "scopes": [1]},
        {"name": "x", "scopes": [["read"]]},
        {"name": "x", "scopes": {"read": 1}},
        {"name": "x", "scopes": 5},
        {"name": "x", "scopes": None},
        {"name": "", "scopes": ["read"]},
        {"name": " ", "scopes": ["read"]},
        {"name": "x" * 101, "scopes": ["read"]},
        {"name": "x", "scopes": ["read"], "expires": "2020-01-01T00:00:00Z"},
        {"name": "x", "scopes": ["read"], "expires": "soon"},
        {"name": "x", "scopes": ["predict:" + "x" * 300]},
    ],
)
def test_what_makes_no_token_is_refused_with_the_field(as_vera: Client, body: Any) -> None:
    answer = _post(as_vera, body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "invalid"
    assert answer.json()["fields"]
    assert not ApiToken.objects.exists()


def test_deleting_a_token_revokes_it_and_is_written_down(as_vera: Client, vera: User) -> None:
    token, _ = people.row_and_token_of(vera, "read")
    assert as_vera.delete(f"/api/v1/tokens/{token.pk}").status_code == 204
    token.refresh_from_db()
    assert token.status == "revoked"
    entry = AuditEntry.objects.get(action="revoked")
    assert (entry.who, entry.object, entry.door) == ("vera", f"token:{token.pk}", "rest")
    assert as_vera.delete(f"/api/v1/tokens/{token.pk}").status_code == 409


def test_tokens_of_others_do_not_exist_for_oneself(as_vera: Client, ada: User) -> None:
    token, _ = people.row_and_token_of(ada, "admin")
    assert as_vera.get("/api/v1/tokens").json()["count"] == 0
    assert as_vera.get(f"/api/v1/tokens/{token.pk}").status_code == 404
    assert as_vera.delete(f"/api/v1/tokens/{token.pk}").status_code == 404
    token.refresh_from_db()
    assert token.revoked is None


@pytest.mark.parametrize("key", [{}, {"idempotency-key": "one"}])
def test_the_audit_names_the_token_that_a_program_used(
    key: dict[str, str], olga: User, as_olga: Client, as_ada: Client
) -> None:
    used, secret = people.row_and_token_of(olga, "admin", name="nightly")
    headers = {"authorization": f"Bearer {secret}", **key}
    of_program, of_person = (factories.a_job() for _ in range(2))
    answer = Client().post(f"/api/v1/jobs/{of_program.pk}/cancel", headers=headers)
    assert answer.status_code == 200, answer.content
    assert as_olga.post(f"/api/v1/jobs/{of_person.pk}/cancel").status_code == 200
    entries = AuditEntry.objects.filter(action="cancelled").order_by("pk")
    assert [(entry.who, entry.token) for entry in entries] == [
        ("olga", f"#{used.pk} nightly"),
        ("olga", ""),
    ]
    found = as_ada.get("/api/v1/audit").json()["results"]
    told = [entry["token"] for entry in found if entry["action"] == "cancelled"]
    assert told == ["", f"#{used.pk} nightly"]
