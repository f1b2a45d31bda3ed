"""Log-ins, log-outs and failures in the audit, through every door that there is."""

import pytest
from django.test import Client

from accounts import services, signals
from accounts.failures import FailureCount
from accounts.models import User
from core.models import AuditEntry
from tests import people

pytestmark = pytest.mark.django_db

WRONG = "not the passphrase"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forget what earlier tests got wrong."""
    monkeypatch.setattr(signals, "failures", FailureCount())


def _entries(action: str) -> list[tuple[str, str, str]]:
    rows = AuditEntry.objects.filter(action=action).order_by("pk")
    return [(row.who, row.object, row.address) for row in rows]


@pytest.mark.parametrize("door", ["/login/", "/admin/login/"])
def test_a_login_is_written_down_once(door: str, ada: User, as_nobody: Client) -> None:
    credentials = {"username": "ada", "password": people.PASSWORD}
    assert as_nobody.post(door, credentials).status_code == 302
    assert _entries("logged in") == [("ada", "user:ada", "127.0.0.1")]


def test_the_first_administrators_login_is_written_down(as_nobody: Client) -> None:
    code = services.create_setup_link()
    answers = {"username": "ada", "password": people.PASSWORD, "again": people.PASSWORD}
    assert as_nobody.post(f"/setup/{code}/", answers).status_code == 302
    assert _entries("logged in") == [("ada", "user:ada", "127.0.0.1")]


@pytest.mark.parametrize("door", ["/logout/", "/admin/logout/"])
def test_a_logout_is_written_down_once(door: str, as_ada: Client) -> None:
    as_ada.post(door)
    as_ada.post("/logout/")
    assert _entries("logged out") == [("ada", "user:ada", "127.0.0.1")]


@pytest.mark.parametrize("door", ["/login/", "/admin/login/"])
def test_failures_are_written_down_more_and_more_seldom(
    door: str, vera: User, as_nobody: Client
) -> None:
    for _ in range(5):
        as_nobody.post(door, {"username": "vera", "password": WRONG})
    assert _entries("failed to log in") == [("somebody", "user:vera", "127.0.0.1")] * 3
    counts = AuditEntry.objects.filter(action="failed to log in").order_by("pk")
    assert [row.after["attempts this hour"] for row in counts] == [1, 2, 4]


def test_a_disabled_account_is_a_known_one(otto: User, as_nobody: Client) -> None:
    as_nobody.post("/login/", {"username": "otto", "password": people.PASSWORD})
    assert _entries("failed to log in") == [("somebody", "user:otto", "127.0.0.1")]


@pytest.mark.parametrize("name", ["hunter2 my passphrase", "x" * 150, "veraé", "a\udc80b"])
def test_a_name_that_is_nobodys_is_kept_nowhere(
    name: str, as_nobody: Client, caplog: pytest.LogCaptureFixture
) -> None:
    as_nobody.post("/login/", {"username": name.encode("utf-8", "ignore"), "password": WRONG})
    assert _entries("failed to log in") == [("somebody", "an unknown name", "127.0.0.1")]
    (row,) = AuditEntry.objects.filter(action="failed to log in").values()
    assert name not in str(row)
    assert WRONG not in str(row)
    assert name not in caplog.text


def test_names_that_are_nobodys_are_counted_together(as_nobody: Client) -> None:
    for number in range(8):
        as_nobody.post("/login/", {"username": f"guess{number}", "password": WRONG})
    assert len(_entries("failed to log in")) == 4
