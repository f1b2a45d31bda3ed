"""Pages about access: log in, first administrator, profile, password, API tokens."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.secrets import digest_of
from accounts.services import change_password, create_setup_link
from core.errors import InvalidError
from core.models import AuditEntry, Revision
from tests import people
from tests.pages import faults_of, text_of

pytestmark = pytest.mark.django_db

NEW_PASSWORD = "another long passphrase"


def errors_in(response: HttpResponse) -> list[str]:
    """Return what the form says about its fields."""
    html = response.content.decode()
    found = re.findall(r'class="errors".*?</ul>', html, flags=re.S)
    return [unescape(text) for ul in found for text in re.findall(r"<li>(.*?)</li>", ul)]


# ---- log in and out ----------------------------------------------------------------------------


def test_a_person_logs_in_and_goes_where_they_wanted(as_nobody: Client) -> None:
    people.vera()
    assert faults_of(as_nobody.get("/login/")) == []
    credentials = {"username": "vera", "password": people.PASSWORD, "next": "/jobs/"}
    response = as_nobody.post("/login/", credentials)
    assert response["Location"] == "/jobs/"
    entry = AuditEntry.objects.get(action="logged in")
    assert (entry.who, entry.object, entry.door) == ("vera", "user:vera", "page")


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_login_never_leads_to_another_site(away: str, as_nobody: Client) -> None:
    people.vera()
    credentials = {"username": "vera", "password": people.PASSWORD, "next": away}
    assert as_nobody.post("/login/", credentials)["Location"] == "/"


@pytest.mark.parametrize(
    "credentials",
    [
        {"username": "vera", "password": "wrong"},
        {"username": "nobody", "password": people.PASSWORD},
        {"username": "otto", "password": people.PASSWORD},
    ],
)
def test_a_refused_login_does_not_say_what_was_wrong(
    credentials: dict[str, str], as_nobody: Client
) -> None:
    people.vera()
    people.otto()
    response = as_nobody.post("/login/", credentials)
    assert "This name and password do not belong together." in text_of(response)
    assert not AuditEntry.objects.filter(action="logged in").exists()


def test_somebody_who_is_logged_in_passes_by_the_login(as_vera: Client) -> None:
    assert as_vera.get("/login/?next=/jobs/")["Location"] == "/jobs/"


def test_logging_out_needs_a_post_and_ends_the_session(as_vera: Client) -> None:
    assert as_vera.get("/logout/").status_code == 405
    assert as_vera.post("/logout/")["Location"] == "/login/"
    assert as_vera.get("/profile/")["Location"].startswith("/login/")


# ---- the first administrator -------------------------------------------------------------------

FIRST = {"username": "ada", "email": "", "password": NEW_PASSWORD, "again": NEW_PASSWORD}


def test_the_setup_link_makes_the_first_administrator_and_logs_in(as_nobody: Client) -> None:
    address = f"/setup/{create_setup_link()}/"
    page = as_nobody.get(address)
    assert "Set up the portal" in text_of(page)
    assert faults_of(page) == []
    assert as_nobody.post(address, FIRST)["Location"] == "/"
    ada = User.objects.get()
    assert (ada.username, ada.role, ada.is_superuser) == ("ada", "administrator", True)
    assert as_nobody.get("/profile/").status_code == 200


def test_the_setup_link_works_once(as_nobody: Client) -> None:
    address = f"/setup/{create_setup_link()}/"
    as_nobody.post(address, FIRST)
    for response in (Client().get(address), Client().post(address, {**FIRST, "username": "eve"})):
        assert response.status_code == 404
        assert "This set-up link does not work (any more)." in text_of(response)
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"again": "something else"}, "The two passwords differ."),
        ({"password": "short", "again": "short"}, "at least 12 characters"),
        ({"username": "a b/c"}, "Enter a valid username."),
        ({"username": ""}, "This field is required."),
        ({"email": "ada at home"}, "Enter a valid email address."),
    ],
)
def test_a_refused_setup_says_why_beside_the_field_and_the_link_stays_good(
    change: dict[str, str], complaint: str, as_nobody: Client
) -> None:
    address = f"/setup/{create_setup_link()}/"
    response = as_nobody.post(address, {**FIRST, **change})
    assert response.status_code == 200
    assert any(complaint in error for error in errors_in(response)), errors_in(response)
    assert 'aria-invalid="true"' in response.content.decode()
    assert not User.objects.exists()
    assert as_nobody.post(address, FIRST).status_code == 302


# ---- appearance --------------------------------------------------------------------------------


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_appearance_is_kept_in_a_cookie(theme: str, as_vera: Client) -> None:
    response = as_vera.post("/profile/appearance/", {"theme": theme, "next": "/jobs/"})
    assert response["Location"] == "/jobs/"
    assert response.cookies["portal_theme"].value == theme
    assert f'data-theme="{theme}"' in as_vera.get("/jobs/").content.decode()


@pytest.mark.parametrize("theme", ["system", "nonsense", ""])
def test_any_other_appearance_is_the_systems(theme: str, as_vera: Client) -> None:
    as_vera.cookies["portal_theme"] = "dark"
    as_vera.post("/profile/appearance/", {"theme": theme})
    assert "data-theme=" not in as_vera.get("/profile/").content.decode()


def test_choosing_an_appearance_never_leads_to_another_site(as_vera: Client) -> None:
    response = as_vera.post("/profile/appearance/", {"theme": "dark", "next": "//evil.example/"})
    assert response["Location"] == "/profile/"


# ---- password ----------------------------------------------------------------------------------


def test_a_new_password_ends_other_sessions_and_not_this_one(vera: User, as_vera: Client) -> None:
    elsewhere = Client()
    elsewhere.force_login(vera)
    response = as_vera.post(
        "/profile/password/",
        {
            "old_password": people.PASSWORD,
            "new_password1": NEW_PASSWORD,
            "new_password2": NEW_PASSWORD,
        },
        follow=True,
    )
    assert "Your password was changed." in text_of(response)
    assert as_vera.get("/profile/").status_code == 200
    assert elsewhere.get("/profile/").status_code == 302
    vera.refresh_from_db()
    assert vera.check_password(NEW_PASSWORD)
    assert AuditEntry.objects.filter(object="user:vera", who="vera").exists()


@pytest.mark.parametrize(
    ("old", "new", "again"),
    [
        ("wrong", NEW_PASSWORD, NEW_PASSWORD),
        (people.PASSWORD, "short", "short"),
        (people.PASSWORD, NEW_PASSWORD, "something else"),
    ],
)
def test_a_password_is_not_changed_by_mistake(
    old: str, new: str, again: str, vera: User, as_vera: Client
) -> None:
    answers = {"old_password": old, "new_password1": new, "new_password2": again}
    response = as_vera.post("/profile/password/", answers)
    assert errors_in(response)
    assert faults_of(response) == []
    vera.refresh_from_db()
    assert vera.check_password(people.PASSWORD)


def test_the_service_refuses_a_weak_password_whoever_asks(vera: User) -> None:
    with pytest.raises(InvalidError, match="at least 12 characters"):
        change_password(user=vera, password="short", actor=vera)


# ---- API tokens --------------------------------------------------------------------------------


def secret_in(response: HttpResponse) -> str:
    """Return the token that the page shows."""
    match = re.search(r"<code>(mlp_[\w-]+)</code>", response.content.decode())
    assert match is not None
    return match[1]


def test_a_new_token_is_shown_once_and_only_its_hash_is_kept(as_vera: Client) -> None:
    before = Revision.current("access")
    response = as_vera.post(
        "/profile/tokens/new/",
        {"name": "ci", "scopes": ["read", "predict"], "predict": "wine, größe 2,", "days": "30"},
    )
    secret = secret_in(response)
    assert faults_of(response) == []
    assert "no-store" in response["Cache-Control"]
    row = ApiToken.objects.get()
    assert row.digest == digest_of(secret)
    assert row.scopes == ["predict", "predict:größe 2", "predict:wine", "read"]
    assert row.expires is not None
    assert timedelta(days=29) < row.expires - timezone.now() <= timedelta(days=30)
    assert secret not in as_vera.get("/profile/").content.decode()
    assert Revision.current("access") > before


def test_a_token_without_days_is_valid_until_it_is_revoked(as_vera: Client) -> None:
    as_vera.post("/profile/tokens/new/", {"name": "ci", "scopes": ["read"], "days": ""})
    assert ApiToken.objects.get().expires is None


@pytest.mark.parametrize(
    ("answers", "complaint"),
    [
        ({"name": "ci", "days": "1"}, "Choose at least one, or name a deployment below."),
        ({"scopes": ["read"]}, "This field is required."),
        ({"name": "   ", "scopes": ["read"]}, "This field is required."),
        ({"name": "ci", "scopes": ["everything"]}, "everything is not one of the available"),
        ({"name": "ci", "scopes": ["read"], "days": "0"}, "greater than or equal to 1"),
    ],
)
def test_a_refused_token_says_why(
    answers: dict[str, object], complaint: str, as_vera: Client
) -> None:
    response = as_vera.post("/profile/tokens/new/", answers)
    assert any(complaint in error for error in errors_in(response)), errors_in(response)
    assert faults_of(response) == []
    assert not ApiToken.objects.exists()


def test_the_form_of_a_token_says_what_each_scope_means(as_vera: Client) -> None:
    text = text_of(as_vera.get("/profile/tokens/new/"))
    assert "deploy Deploy, change, restart and remove deployments." in text


def test_the_profile_lists_ones_own_tokens_with_their_state(as_vera: Client) -> None:
    row, _ = people.row_and_token_of(people.vera(), "read", name="notebook")
    people.token_of(people.ada(), "admin", name="of ada")
    ApiToken.objects.filter(pk=row.pk).update(expires=timezone.now())
    response = as_vera.get("/profile/")
    assert "notebook" in text_of(response)
    assert "expired" in text_of(response)
    assert "of ada" not in text_of(response)
    assert faults_of(response) == []


def test_without_a_token_the_profile_says_what_they_are_for(as_vera: Client) -> None:
    assert "No token yet Programs show a token" in text_of(as_vera.get("/profile/"))


def test_revoking_a_token_asks_first(as_vera: Client) -> None:
    row, _ = people.row_and_token_of(people.vera(), "read", name="notebook")
    address = f"/profile/tokens/{row.pk}/revoke/"
    page = as_vera.get(address)
    assert "are refused within a second" in text_of(page)
    assert faults_of(page) == []
    row.refresh_from_db()
    assert row.revoked is None
    assert "Token notebook was revoked." in text_of(as_vera.post(address, follow=True))
    row.refresh_from_db()
    assert row.status == "revoked"
    assert as_vera.post(address).status_code == 409


def test_nobody_sees_or_revokes_the_tokens_of_others(as_vera: Client) -> None:
    row, _ = people.row_and_token_of(people.ada(), "admin")
    address = f"/profile/tokens/{row.pk}/revoke/"
    assert as_vera.get(address).status_code == as_vera.post(address).status_code == 404
    row.refresh_from_db()
    assert row.revoked is None


@pytest.mark.parametrize(
    "address",
    ["/profile/", "/profile/password/", "/profile/tokens/new/", "/profile/tokens/1/revoke/"],
)
def test_strangers_are_sent_to_the_login(address: str, as_nobody: Client) -> None:
    assert as_nobody.get(address)["Location"] == f"/login/?next={address}"


# ---- Django's admin ----------------------------------------------------------------------------


def test_a_changed_role_sets_what_follows_from_it_and_is_written_down(
    as_ada: Client, vera: User
) -> None:
    before = Revision.current("access")
    answers = {"username": "vera", "email": "", "role": "administrator", "is_active": "on"}
    response = as_ada.post(f"/admin/accounts/user/{vera.pk}/change/", answers)
    assert response.status_code == 302
    vera.refresh_from_db()
    assert vera.is_staff
    assert vera.is_superuser
    assert AuditEntry.objects.filter(action="changed", object="user:vera", who="ada").exists()
    assert Revision.current("access") > before


def test_an_administrator_revokes_anybodys_token(as_ada: Client, vera: User) -> None:
    row, _ = people.row_and_token_of(vera, "read")
    answers = {"action": "revoke", "_selected_action": [str(row.pk)]}
    as_ada.post("/admin/accounts/apitoken/", answers)
    row.refresh_from_db()
    assert row.revoked is not None


@pytest.mark.parametrize("model", ["core/job", "core/auditentry", "accounts/apitoken"])
def test_what_only_the_portal_writes_cannot_be_added_in_the_admin(
    model: str, as_ada: Client
) -> None:
    assert as_ada.get(f"/admin/{model}/").status_code == 200
    assert as_ada.get(f"/admin/{model}/add/").status_code == 403


def test_the_admin_is_for_administrators(as_olga: Client) -> None:
    assert as_olga.get("/admin/")["Location"].startswith("/admin/login/")
