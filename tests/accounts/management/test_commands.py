"""`create_admin`, `create_token`, `setup_link`: access without a browser."""

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.secrets import digest_of
from accounts.services import valid_setup_link
from tests.people import PASSWORD

pytestmark = pytest.mark.django_db


def _call(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_an_administrator_with_a_password_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    shown = _call("create_admin", "--username", "ada", "--password-file", str(file))
    user = User.objects.get(username="ada")
    assert user.check_password(PASSWORD)
    assert user.role == "administrator"
    assert PASSWORD not in shown


def test_an_administrator_with_a_made_up_password_that_is_shown_once() -> None:
    shown = json.loads(_call("create_admin", "--username", "ada", "--generate-password", "--json"))
    assert User.objects.get().check_password(shown["password"])


def test_an_administrator_with_a_password_from_the_prompt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    _call("create_admin", "--username", "ada")
    assert User.objects.get().check_password(PASSWORD)


def test_without_a_terminal_nobody_is_asked_for_a_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In a script or a container build, getpass would end in a traceback."""
    monkeypatch.setattr("sys.stdin", io.StringIO())
    with pytest.raises(CommandError, match="no terminal .* --password-file"):
        _call("create_admin", "--username", "ada")
    assert not User.objects.exists()


def test_a_weak_password_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("short")
    with pytest.raises(CommandError, match="too short"):
        _call("create_admin", "--username", "ada", "--password-file", str(file))
    with pytest.raises(CommandError, match="missing cannot be read: No such file"):
        _call("create_admin", "--username", "ada", "--password-file", str(tmp_path / "missing"))
    assert not User.objects.exists()


def test_a_token_is_printed_alone_for_shells(olga: User) -> None:
    printed = _call(
        *("create_token", "--username", "olga", "--name", "ci"),
        *("--scope", "deploy", "--scope", "predict:wine", "--days", "30"),
    )
    token = ApiToken.objects.get()
    assert token.digest == digest_of(printed.strip())
    assert token.scopes == ["deploy", "predict:wine"]
    assert token.expires is not None
    assert timedelta(days=29) < token.expires - timezone.now() <= timedelta(days=30)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--username", "nobody", "--scope", "read"], "no user 'nobody'"),
        (["--username", "olga", "--scope", "root"], "'root' is not a scope"),
        (["--username", "olga", "--scope", "read", "--days", "-1"], "has passed"),
        (["--username", "olga", "--scope", "read", "--days", "0"], "has passed"),
        (["--username", "olga", "--scope", "read", "--days", "999999999"], "beyond the calendar"),
    ],
)
def test_what_makes_no_token_is_one_sentence(olga: User, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        _call("create_token", "--name", "ci", *arguments)
    assert not ApiToken.objects.exists()


def test_a_setup_link_is_printed_and_works(settings: LazySettings) -> None:
    settings.PUBLIC_URL = "https://portal.example.org"
    shown = json.loads(_call("setup_link", "--json"))["url"]
    assert shown.startswith("https://portal.example.org/setup/")
    assert valid_setup_link(shown.rstrip("/").rpartition("/")[2]).pk


def test_no_setup_link_once_somebody_exists(olga: User) -> None:
    with pytest.raises(CommandError, match="has users already"):
        _call("setup_link")
