"""What administrators do to people in Django's admin, and what the audit says of it."""

import pytest
from django.test import Client

from accounts.models import User
from core.models import AuditEntry, Revision
from tests import people

pytestmark = pytest.mark.django_db

NEW = "another long passphrase"


def _change(client: Client, user: User, **answers: str) -> None:
    given = {"username": user.username, "email": user.email, "role": user.role, **answers}
    response = client.post(f"/admin/accounts/user/{user.pk}/change/", given)
    assert response.status_code == 302, response.content.decode()


def test_a_changed_role_is_told_with_what_it_was(as_ada: Client, olga: User) -> None:
    _change(as_ada, olga, role="viewer", is_active="on")
    entry = AuditEntry.objects.get(action="changed")
    assert (entry.who, entry.object) == ("ada", "user:olga")
    assert (entry.before["role"], entry.after["role"]) == ("operator", "viewer")
    assert (entry.before["active"], entry.after["active"]) == (True, True)


def test_a_disabled_account_is_told_and_its_tokens_end(as_ada: Client, olga: User) -> None:
    revision = Revision.current("access")
    _change(as_ada, olga)
    entry = AuditEntry.objects.get(action="changed")
    assert (entry.before["active"], entry.after["active"]) == (True, False)
    assert Revision.current("access") > revision


def test_a_demoted_owners_token_and_session_obey_at_once(
    as_ada: Client, as_olga: Client, olga: User
) -> None:
    headers = {"authorization": f"Bearer {people.token_of(olga, 'admin')}"}
    body = {"content_type": "application/json", "data": {}}
    assert Client().post("/api/v1/deployments", headers=headers, **body).status_code == 400
    assert as_olga.get("/deployments/new/").status_code == 200
    _change(as_ada, olga, role="viewer", is_active="on")
    assert Client().post("/api/v1/deployments", headers=headers, **body).status_code == 403
    assert as_olga.get("/deployments/new/").status_code == 403


def test_a_password_that_is_set_is_told_and_not_shown(as_ada: Client, olga: User) -> None:
    revision = Revision.current("access")
    address = f"/admin/accounts/user/{olga.pk}/password/"
    answers = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    assert as_ada.post(address, answers).status_code == 302
    entry = AuditEntry.objects.get(action="set the password of")
    assert (entry.who, entry.object) == ("ada", "user:olga")
    assert NEW not in str(AuditEntry.objects.values())
    assert Revision.current("access") > revision
    olga.refresh_from_db()
    assert olga.check_password(NEW)


def test_a_password_that_is_refused_is_not_told(as_ada: Client, olga: User) -> None:
    address = f"/admin/accounts/user/{olga.pk}/password/"
    assert as_ada.get(address).status_code == 200
    answers = {"password1": "short", "password2": "short", "usable_password": "true"}
    assert as_ada.post(address, answers).status_code == 200
    assert not AuditEntry.objects.filter(action="set the password of").exists()


def test_a_deleted_person_is_told_with_the_role(as_ada: Client, olga: User) -> None:
    as_ada.post(f"/admin/accounts/user/{olga.pk}/delete/", {"post": "yes"})
    entry = AuditEntry.objects.get(action="deleted")
    assert (entry.object, entry.before["role"]) == ("user:olga", "operator")


def test_ones_own_password_is_changed_where_it_is_told(as_ada: Client) -> None:
    assert as_ada.get("/admin/password_change/")["Location"] == "/profile/password/"


def test_there_are_no_groups(as_ada: Client) -> None:
    assert as_ada.get("/admin/auth/group/").status_code == 404
    assert "Groups" not in as_ada.get("/admin/").content.decode()
