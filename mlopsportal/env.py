"""Typed readers of settings from the environment, `.env` and secret files.

Every reader parses, names key, value and expected form when it cannot, and registers the setting,
so that the list of settings that the code reads *is* the documentation (`manage.py settings`).
"""

import difflib
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from croniter import CroniterError, croniter
from dotenv import dotenv_values

PREFIX: Final = "PORTAL_"
MASK: Final = "••••••••"

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)$")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_TRUE: Final = frozenset({"1", "true", "yes", "on"})
_FALSE: Final = frozenset({"0", "false", "no", "off", ""})
_MAY_BE_A_FILE: Final = frozenset({"secret", "url"})
"""Kinds whose values may hold passwords: `NAME_FILE` may name a file with the value."""


class SettingError(Exception):
    """A setting cannot be used as it is given; the message is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting that the portal reads.

    `default` is what holds when nothing is given, as an operator would write it; `source` says
    where the value came from: `environment`, `.env`, `file` or `default`.
    """

    name: str
    kind: str
    default: str
    meaning: str
    section: str
    value: str
    source: str
    choices: tuple[str, ...] = ()

    @property
    def secret(self) -> bool:
        return self.kind == "secret"

    @property
    def may_be_a_file(self) -> bool:
        """Whether `NAME_FILE` may name a file that holds the value."""
        return self.kind in _MAY_BE_A_FILE

    @property
    def shown(self) -> str:
        """The value as pages and commands may show it."""
        if self.kind == "secret":
            return MASK if self.value else ""
        return _without_password(self.value)


class Env:
    """Reads settings from a mapping laid over the `.env` file, and remembers which it read."""

    def __init__(self, environ: Mapping[str, str], dotenv: Path | None = None) -> None:
        self._environ = environ
        values = dotenv_values(dotenv) if dotenv is not None and dotenv.is_file() else {}
        self._dotenv = {key: value for key, value in values.items() if value is not None}
        self.registered: dict[str, Setting] = {}
        self.section = "Essentials"

    def check_file(self) -> None:
        """See that the file of settings which the environment names is there.

        Raises:
            SettingError: it is not; the default one need not be.
        """
        named = self._environ.get("PORTAL_ENV_FILE", "")
        if named and not Path(named).is_file():
            raise _refused("PORTAL_ENV_FILE", named, "a file that is there")

    def text(self, name: str, *, default: str = "", meaning: str) -> str:
        """Return the value as it stands."""
        return self._read(name, kind="text", default=default, meaning=meaning)

    def secret(self, name: str, *, meaning: str) -> str:
        """Return a secret; `NAME_FILE` may name a file that holds it. There is no default."""
        return self._read(name, kind="secret", default="", meaning=meaning)

    def flag(self, name: str, *, default: bool, meaning: str) -> bool:
        """Return a yes-or-no value."""
        raw = self._read(name, kind="flag", default=str(default).lower(), meaning=meaning)
        lowered = raw.strip().lower()
        if lowered in _TRUE:
            return True
        if lowered in _FALSE:
            return False
        raise _refused(name, raw, "one of true, false, yes, no, on, off, 1 or 0")

    def number(
        self, name: str, *, default: int, meaning: str, least: int = 0, most: int | None = None
    ) -> int:
        """Return a whole number within `least` and `most`."""
        raw = self._read(name, kind="number", default=str(default), meaning=meaning)
        bounds = f"a whole number of {least} or more" + (f", {most} at most" if most else "")
        try:
            value = int(raw.replace("_", ""))
        except ValueError:
            raise _refused(name, raw, bounds) from None
        if value < least or (most is not None and value > most):
            raise _refused(name, raw, bounds)
        return value

    def choice(self, name: str, *, choices: Iterable[str], default: str, meaning: str) -> str:
        """Return one of `choices`."""
        allowed = tuple(choices)
        raw = self._read(name, kind="choice", default=default, meaning=meaning, choices=allowed)
        if raw not in allowed:
            raise _refused(name, raw, f"one of {', '.join(allowed)}")
        return raw

    def duration(
        self, name: str, *, default: str, meaning: str, least: str = "100ms", most: str = "3650d"
    ) -> timedelta:
        """Return a stretch of time written as `250ms`, `30s`, `5m`, `12h` or `7d`."""
        raw = self._read(name, kind="duration", default=default, meaning=meaning)
        seconds = _seconds(raw)
        if seconds is None or not _bound(least) <= seconds <= _bound(most):
            expected = "a duration such as 250ms, 30s, 5m, 12h or 7d"
            raise _refused(name, raw, f"{expected}, from {least} to {most}")
        return timedelta(seconds=seconds)

    def cron(self, name: str, *, default: str, meaning: str) -> str:
        """Return a cron line of five fields that names at least one time, or `off`."""
        raw = self._read(name, kind="cron", default=default, meaning=meaning).strip()
        if raw.lower() == "off" or _is_cron(raw):
            return raw
        raise _refused(name, raw, "a cron line such as '5 * * * *' (UTC), or off")

    def url(
        self, name: str, *, default: str = "", meaning: str, schemes: Iterable[str] = ()
    ) -> str:
        """Return a URL of one of `schemes` (any, when none are named), or nothing if unset."""
        raw = self._read(name, kind="url", default=default, meaning=meaning)
        allowed = tuple(schemes)
        expected = f"a URL of {', '.join(allowed)}" if allowed else "a URL"
        try:
            parts = urlsplit(raw)
            # Reading the port is what finds out that it is none.
            fits = parts.port is None or parts.port > 0
        except ValueError:
            raise _refused(
                name, _without_password(raw), f"{expected} with a sound address"
            ) from None
        if raw and (not fits or (allowed and parts.scheme not in allowed)):
            raise _refused(name, _without_password(raw), expected)
        return raw

    def words(self, name: str, *, default: str = "", meaning: str) -> list[str]:
        """Return a comma-separated list without blanks."""
        raw = self._read(name, kind="list", default=default, meaning=meaning)
        return [word.strip() for word in raw.split(",") if word.strip()]

    def networks(self, name: str, *, meaning: str) -> list[str]:
        """Return a comma-separated list of IP addresses and networks, each as it is written."""
        words = self.words(name, meaning=meaning)
        try:
            return [
                str(ip_network(word, strict=False) if "/" in word else ip_address(word))
                for word in words
            ]
        except ValueError as error:
            expected = "IP addresses and networks such as 10.0.0.7, 172.16.0.0/12 or fd00::/8"
            raise _refused(name, ",".join(words), expected) from error

    def unknown(self) -> list[str]:
        """Return a sentence for each `PORTAL_…` variable that no reader asked for."""
        known = set(self.registered) | {
            f"{name}_FILE" for name, s in self.registered.items() if s.may_be_a_file
        }
        given = {n for n in (*self._environ, *self._dotenv) if n.startswith(PREFIX)}
        sentences = []
        for name in sorted(given - known):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]}?" if near else " `manage.py settings` lists them all."
            sentences.append(f"{name} is not a setting of the portal.{hint}")
        return sentences

    def _read(
        self, name: str, *, kind: str, default: str, meaning: str, choices: tuple[str, ...] = ()
    ) -> str:
        value, source = self._look_up(name, kind=kind)
        setting = Setting(
            name=name,
            kind=kind,
            default=default,
            meaning=meaning,
            section=self.section,
            value=default if value is None else value,
            source=source,
            choices=choices,
        )
        self.registered[name] = setting
        return setting.value

    def _look_up(self, name: str, *, kind: str) -> tuple[str | None, str]:
        for values, source in ((self._environ, "environment"), (self._dotenv, ".env")):
            if name in values:
                return values[name], source
            path = values.get(f"{name}_FILE") if kind in _MAY_BE_A_FILE else None
            if path:
                return _read_secret(f"{name}_FILE", Path(path)), "file"
        return None, "default"


def _read_secret(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{name} names {path}, which cannot be read: {error}.") from error


def _refused(name: str, value: str, expected: str) -> SettingError:
    return SettingError(f"{name} is {value!r}; it must be {expected}.")


def _without_password(value: str) -> str:
    """Return a URL with its password masked; anything else as it is."""
    scheme, separator, rest = value.partition("://")
    # By hand, for a URL that cannot be parsed may hold a password too.
    netloc = re.split(r"[/?#]", rest, maxsplit=1)[0]
    credentials, at, host = netloc.rpartition("@")
    user, colon, _ = credentials.partition(":")
    if not (separator and at and colon):
        return value
    return f"{scheme}://{user}:{MASK}@{host}{rest[len(netloc) :]}"


def _seconds(text: str) -> float | None:
    """Return a duration in seconds, or None for what is none."""
    match = _DURATION.match(text.strip())
    return float(match[1]) * _UNITS[match[2]] if match else None


def _bound(text: str) -> float:
    seconds = _seconds(text)
    assert seconds is not None, text  # noqa: S101  (written by us, in a call of `duration`)
    return seconds


def _is_cron(text: str) -> bool:
    if len(text.split()) != 5:
        return False
    try:
        # A line such as 31 February is well formed and never due.
        croniter(text, datetime(2026, 1, 1, tzinfo=UTC)).get_next()
    except (CroniterError, ValueError, KeyError):
        return False
    return True


def _dotenv_file() -> Path | None:
    """Return the file of settings: `.env` in the working folder unless the environment says."""
    name = os.environ.get("PORTAL_ENV_FILE", ".env")
    return Path(name) if name else None


env = Env(os.environ, _dotenv_file())
