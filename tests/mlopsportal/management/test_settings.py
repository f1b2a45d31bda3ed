"""`manage.py settings`: the list as text and JSON, secrets masked."""

import io
import json

from django.core.management import call_command

from mlopsportal.env import MASK, env


def _call(*arguments: str) -> str:
    out = io.StringIO()
    call_command("settings", *arguments, stdout=out)
    return out.getvalue()


def test_the_text_names_every_setting_with_value_source_and_meaning() -> None:
    text = _call()
    for setting in env.registered.values():
        assert f"  {setting.name} = {setting.shown}  [{setting.source}]\n" in text
        assert setting.meaning in text


def test_secrets_are_masked_in_every_form() -> None:
    secret = env.registered["SECRET_KEY"].value
    assert len(secret) > 20
    for form in ([], ["--json"], ["--markdown"], ["--example"]):
        assert secret not in _call(*form)
    (entry,) = [entry for entry in json.loads(_call("--json")) if entry["name"] == "SECRET_KEY"]
    assert entry["value"] == MASK
    assert set(entry) == {"name", "kind", "section", "meaning", "default", "value", "source"}
