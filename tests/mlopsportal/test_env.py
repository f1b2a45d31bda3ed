"""The typed readers of settings: what they take, and how they refuse."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlopsportal.env import MASK, Env, SettingError

Read = Callable[[Env], Any]


def _flag(env: Env) -> bool:
    return env.flag("PORTAL_X", default=True, meaning="m")


def _number(env: Env) -> int:
    return env.number("PORTAL_X", default=8, least=1, most=100, meaning="m")


def _choice(env: Env) -> str:
    return env.choice("PORTAL_X", choices=("red", "blue"), default="red", meaning="m")


def _duration(env: Env) -> timedelta:
    return env.duration("PORTAL_X", default="30s", least="1s", most="2d", meaning="m")


def _url(env: Env) -> str:
    return env.url("PORTAL_X", schemes=("redis", "rediss"), meaning="m")


def _cron(env: Env) -> str:
    return env.cron("PORTAL_X", default="5 * * * *", meaning="m")


def _words(env: Env) -> list[str]:
    return env.words("PORTAL_X", default="a,b", meaning="m")


def _networks(env: Env) -> list[str]:
    return env.networks("PORTAL_X", meaning="m")


def _text(env: Env) -> str:
    return env.text("PORTAL_X", default="t", meaning="m")


@pytest.mark.parametrize(
    ("read", "given", "value"),
    [
        *((_flag, text, True) for text in ("1", "true", "YES", " on ")),
        *((_flag, text, False) for text in ("0", "False", "no", "off", "")),
        (_number, "1", 1),
        (_number, "100", 100),
        (_number, "1_0", 10),
        (_choice, "blue", "blue"),
        (_duration, "1500ms", timedelta(seconds=1.5)),
        (_duration, "90s", timedelta(seconds=90)),
        (_duration, "1.5m", timedelta(seconds=90)),
        (_duration, " 2 h ", timedelta(hours=2)),
        (_duration, "2d", timedelta(days=2)),
        (_url, "redis://:secret@host:6379/0", "redis://:secret@host:6379/0"),
        (_url, "", ""),
        (_cron, "*/5 3 * * 1-5", "*/5 3 * * 1-5"),
        (_cron, "off", "off"),
        (_words, " a , ,b", ["a", "b"]),
        (_words, "", []),
        (_networks, "", []),
        (_networks, "10.0.0.7, 172.16.9.9/12,::1", ["10.0.0.7", "172.16.0.0/12", "::1"]),
        (_text, " as it stands ", " as it stands "),
    ],
)
def test_a_value_is_read_as_its_kind(read: Read, given: str, value: Any) -> None:
    assert read(Env({"PORTAL_X": given})) == value


@pytest.mark.parametrize(
    ("read", "value"),
    [
        (_flag, True),
        (_number, 8),
        (_choice, "red"),
        (_duration, timedelta(seconds=30)),
        (_url, ""),
        (_cron, "5 * * * *"),
        (_words, ["a", "b"]),
        (_text, "t"),
    ],
)
def test_nothing_given_is_the_default(read: Read, value: Any) -> None:
    env = Env({})
    assert read(env) == value
    assert env.registered["PORTAL_X"].source == "default"


@pytest.mark.parametrize(
    ("read", "given", "expected"),
    [
        (_flag, "maybe", "one of true, false"),
        (_number, "many", "a whole number of 1 or more, 100 at most"),
        (_number, "0", "a whole number of 1 or more, 100 at most"),
        (_number, "101", "a whole number of 1 or more, 100 at most"),
        (_number, "1.5", "a whole number"),
        (_number, "", "a whole number"),
        (_choice, "green", "one of red, blue"),
        (_choice, "RED", "one of red, blue"),
        (_duration, "30", "a duration such as"),
        (_duration, "s", "a duration such as"),
        (_duration, "-1s", "a duration such as"),
        (_duration, "1 week", "a duration such as"),
        (_duration, "0s", "from 1s to 2d"),
        (_duration, "3d", "from 1s to 2d"),
        (_duration, "9" * 40 + "d", "from 1s to 2d"),
        (_url, "localhost", "a URL of redis, rediss"),
        (_url, "http://host", "a URL of redis, rediss"),
        (_url, "redis://[::1", "a URL of redis, rediss"),
        (_url, "redis://host:port", "a URL of redis, rediss"),
        (_url, "redis://host:99999", "a URL of redis, rediss"),
        (_networks, "*", "IP addresses and networks"),
        (_networks, "10.0.0.7,proxy", "IP addresses and networks"),
        (_networks, "10.0.0.0/33", "IP addresses and networks"),
        (_cron, "every hour", "a cron line"),
        (_cron, "61 * * * *", "a cron line"),
        (_cron, "* * * * * *", "a cron line"),
        (_cron, "0 0 31 2 *", "a cron line"),
        (_cron, "", "a cron line"),
    ],
)
def test_a_wrong_value_names_key_value_and_what_is_expected(
    read: Read, given: str, expected: str
) -> None:
    with pytest.raises(SettingError) as caught:
        read(Env({"PORTAL_X": given}))
    message = str(caught.value)
    assert message.startswith(f"PORTAL_X is {given!r}; it must be ")
    assert expected in message
    assert message.endswith(".") or "off" in message


@given(st.text(max_size=30))
def test_no_text_whatever_gets_another_error(text: str) -> None:
    for read in (_flag, _number, _choice, _duration, _url, _cron):
        try:
            read(Env({"PORTAL_X": text}))
        except SettingError as error:
            assert "PORTAL_X" in str(error)


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORTAL_X='from the file'\nPORTAL_Y=2\n")
    env = Env({"PORTAL_X": "from the environment"}, file)
    assert _text(env) == "from the environment"
    assert env.registered["PORTAL_X"].source == "environment"
    assert env.number("PORTAL_Y", default=1, meaning="m") == 2
    assert env.registered["PORTAL_Y"].source == ".env"


def test_a_secret_and_a_url_may_come_from_files(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("redis://:hidden@host\n")
    env = Env({"PORTAL_S_FILE": str(file), "PORTAL_X_FILE": str(file)})
    assert env.secret("PORTAL_S", meaning="m") == "redis://:hidden@host"
    assert _url(env) == "redis://:hidden@host"
    assert env.registered["PORTAL_S"].source == "file"
    assert env.unknown() == []


def test_a_value_beats_a_file_of_the_same_place(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("file")
    env = Env({"PORTAL_S": "value", "PORTAL_S_FILE": str(tmp_path / "secret")})
    assert env.secret("PORTAL_S", meaning="m") == "value"


@pytest.mark.parametrize("name", ["missing", "."])
def test_a_file_that_cannot_be_read_is_named_with_its_key(tmp_path: Path, name: str) -> None:
    env = Env({"PORTAL_S_FILE": str(tmp_path / name)})
    with pytest.raises(SettingError, match=r"PORTAL_S_FILE names .*, which cannot be read"):
        env.secret("PORTAL_S", meaning="m")


def test_a_file_holds_no_other_kinds(tmp_path: Path) -> None:
    env = Env({"PORTAL_X_FILE": str(tmp_path / "x")})
    assert _text(env) == "t"
    assert env.unknown() == ["PORTAL_X_FILE is not a setting of the portal. Did you mean PORTAL_X?"]


def test_secrets_and_passwords_are_never_shown() -> None:
    env = Env({"PORTAL_S": "hidden", "PORTAL_X": "redis://user:hidden@host:1/0?a=b"})
    env.secret("PORTAL_S", meaning="m")
    _url(env)
    assert env.registered["PORTAL_S"].shown == MASK
    assert env.registered["PORTAL_X"].shown == f"redis://user:{MASK}@host:1/0?a=b"


@pytest.mark.parametrize(
    "url",
    ["http://u:hidden@host", "redis://u:hidden@[::1", "redis://u:hidden@h:x", "redis://:hidden@"],
)
def test_a_refused_url_does_not_tell_its_password(url: str) -> None:
    env = Env({"PORTAL_X": url})
    try:
        _url(env)
    except SettingError as error:
        assert "hidden" not in str(error)
    assert "hidden" not in env.registered["PORTAL_X"].shown


def test_an_unknown_name_is_told_with_the_nearest_one(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("PORTAL_ZZZZZZ=1\n")
    env = Env({"PORTAL_PROT": "1", "OTHER": "1", "PORTAL_PORT": "2"}, file)
    env.number("PORTAL_PORT", default=1, meaning="m")
    assert env.unknown() == [
        "PORTAL_PROT is not a setting of the portal. Did you mean PORTAL_PORT?",
        "PORTAL_ZZZZZZ is not a setting of the portal. `manage.py settings` lists them all.",
    ]


def test_a_named_file_of_settings_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="PORTAL_ENV_FILE is '/nowhere/.env'"):
        Env({"PORTAL_ENV_FILE": "/nowhere/.env"}).check_file()
    Env({"PORTAL_ENV_FILE": ""}).check_file()
    Env({}).check_file()
