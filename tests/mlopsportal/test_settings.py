"""The list of settings that the code reads is the documentation, and the defaults hold together."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from mlopsportal.env import env
from mlopsportal.management.commands.settings import as_example, as_markdown

ROOT = Path(settings.BASE_DIR)


@pytest.mark.parametrize(
    ("name", "written"),
    [("docs/settings.md", as_markdown), (".env.example", as_example)],
)
def test_the_file_says_what_the_code_reads(name: str, written: object) -> None:
    """Made anew by `manage.py settings --markdown` and `--example`."""
    assert (ROOT / name).read_text() == written(env.registered.values())  # type: ignore[operator]


def test_every_setting_of_the_environment_begins_with_our_prefix_or_is_conventional() -> None:
    conventional = {"DATABASE_URL", "SECRET_KEY", "DEBUG", "ALLOWED_HOSTS"}
    assert {n for n in env.registered if not n.startswith("PORTAL_")} == conventional


def test_every_meaning_is_a_sentence() -> None:
    for setting in env.registered.values():
        assert setting.meaning[0].isupper(), setting.name
        assert setting.meaning.endswith("."), setting.name


def test_no_secret_has_a_default() -> None:
    assert not [s.name for s in env.registered.values() if s.secret and s.default]


def test_a_job_is_taken_over_only_after_three_missed_beats() -> None:
    """The lease is renewed every third of it; a shorter one would call sleepers dead."""
    assert settings.JOB_LEASE.total_seconds() >= 3


def test_an_unknown_host_name_is_refused_with_the_setting_that_admits_it(client: Client) -> None:
    answer = client.get("/login/", headers={"host": "elsewhere.example"})
    assert answer.status_code == 400
    assert "<code>ALLOWED_HOSTS</code>" in answer.content.decode()
