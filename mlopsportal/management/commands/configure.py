"""`manage.py configure`: ask for each setting and write `.env`."""

import getpass
import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from dotenv import dotenv_values

from mlopsportal.env import Env, Setting, SettingError, env


class Command(BaseCommand):
    """Asks section by section; Enter keeps what holds."""

    help = "Ask for every setting and write those that differ from their default to .env."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the sections to ask for and the file to write."""
        sections = list(dict.fromkeys(s.section for s in env.registered.values()))
        parser.add_argument("--section", choices=sections, help="Ask for one section only.")
        parser.add_argument("--file", default=".env")

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, then replace the file in one step; what is not asked for stays in it."""
        del args
        path = Path(options["file"])
        kept = {k: v or "" for k, v in dotenv_values(path).items()} if path.is_file() else {}
        for setting in env.registered.values():
            if setting.name == "PORTAL_ENV_FILE":
                continue
            if options["section"] in (None, setting.section):
                answer = self._ask(setting)
                if answer is not None:
                    kept[setting.name] = answer
        _write(path, kept)
        self.stdout.write(f"Written to {path}. Start the portal again for it to hold.")

    def _ask(self, setting: Setting) -> str | None:
        """Return the new value, or None to leave the setting as it is."""
        self.stdout.write(f"\n{setting.name}: {setting.meaning}")
        shown = setting.shown or "not set"
        prompt = f"  [{shown}] "
        read = getpass.getpass if setting.secret else input
        while True:
            try:
                answer = read(prompt).strip()
            except EOFError as error:
                raise CommandError("The answers ended before the questions did.") from error
            if not answer:
                return None
            problem = _problem(setting, answer)
            if problem is None:
                return answer
            self.stdout.write(f"  {problem}")


def _problem(setting: Setting, answer: str) -> str | None:
    """Say why the setting cannot be `answer`, by reading it as the portal would."""
    reader = Env({setting.name: answer})
    try:
        if setting.kind == "flag":
            reader.flag(setting.name, default=False, meaning="")
        elif setting.kind == "number":
            reader.number(setting.name, default=0, meaning="")
        elif setting.kind == "duration":
            reader.duration(setting.name, default="1s", meaning="")
        elif setting.kind == "cron":
            reader.cron(setting.name, default="off", meaning="")
        elif setting.kind == "choice":
            reader.choice(setting.name, choices=setting.choices, default="", meaning="")
        elif setting.kind == "url" and "://" not in answer:
            return f"{setting.name} is {answer!r}; it must be a URL."
    except SettingError as error:
        return str(error)
    return None


def _write(path: Path, values: dict[str, str]) -> None:
    """Write the file, readable by its owner alone, in one step."""
    partial = path.with_name(f"{path.name}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        for name, value in values.items():
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")
            file.write(f"{name}='{quoted}'\n")
    partial.replace(path)
