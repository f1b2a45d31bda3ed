"""`manage.py settings`: every setting with its meaning, default, value and source."""

import json
from argparse import ArgumentParser
from collections.abc import Iterable
from itertools import groupby
from typing import Any

from django.core.management.base import BaseCommand

from mlopsportal.env import Setting, env

_MARKDOWN_HEAD = """\
# Settings

Every setting of the portal, made by `manage.py settings --markdown` from the code that reads them.
They are read from the environment, then from `.env` in the working folder. A secret, and a URL,
which may hold a password, can also be given as a file: `NAME_FILE=/run/secrets/name`.
`manage.py settings` shows what holds now and where it comes from; `manage.py configure` asks for
each and writes `.env`.
"""
_EXAMPLE_HEAD = """\
# Copy to .env and uncomment what you want otherwise; nothing has to be set.
# Made by `manage.py settings --example`; docs/settings.md says more.
"""


class Command(BaseCommand):
    """Prints what the portal can be told, and what it has been told."""

    help = "List every setting; secrets are masked."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the forms that the list can have."""
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true")
        form.add_argument(
            "--markdown", action="store_true", help="As docs/settings.md, without values."
        )
        form.add_argument("--example", action="store_true", help="As .env.example, without values.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print the list as text, as JSON, or as one of the two files made from it."""
        del args
        settings = list(env.registered.values())
        if options["json"]:
            self.stdout.write(json.dumps([_entry(setting) for setting in settings], indent=2))
            return
        if options["markdown"] or options["example"]:
            write = as_markdown if options["markdown"] else as_example
            self.stdout.write(write(settings), ending="")
            return
        for section, group in groupby(settings, key=lambda setting: setting.section):
            self.stdout.write(f"\n{section}")
            for setting in group:
                self.stdout.write(f"  {setting.name} = {setting.shown}  [{setting.source}]")
                self.stdout.write(f"      {setting.meaning}")


def as_markdown(settings: Iterable[Setting]) -> str:
    """Return docs/settings.md: what each setting means, takes, and is when nothing is given."""
    parts = [_MARKDOWN_HEAD]
    for section, group in groupby(settings, key=lambda setting: setting.section):
        rows = "".join(
            f"| `{s.name}` | {_takes(s)} | {f'`{s.default}`' if s.default else ''} "
            f"| {s.meaning.replace('|', chr(92) + '|')} |\n"
            for s in group
        )
        parts.append(f"\n## {section}\n\n| setting | takes | default | meaning |\n")
        parts.append(f"| --- | --- | --- | --- |\n{rows}")
    return "".join(parts)


def as_example(settings: Iterable[Setting]) -> str:
    """Return .env.example: every setting with its default, commented out."""
    parts = [_EXAMPLE_HEAD]
    for section, group in groupby(settings, key=lambda setting: setting.section):
        parts.append(f"\n# ---- {section} {'-' * (88 - len(section))}\n")
        # The file cannot name itself.
        shown = (s for s in group if s.name != "PORTAL_ENV_FILE")
        parts += (f"\n# {s.meaning}\n#{s.name}={_quoted(s.default)}\n" for s in shown)
    return "".join(parts)


def _takes(setting: Setting) -> str:
    kind = " \\| ".join(f"`{c}`" for c in setting.choices) if setting.choices else setting.kind
    return f"{kind}, or `{setting.name}_FILE`" if setting.may_be_a_file else kind


def _quoted(value: str) -> str:
    return f"'{value}'" if " " in value else value


def _entry(setting: Setting) -> dict[str, str]:
    return {
        "name": setting.name,
        "kind": setting.kind,
        "section": setting.section,
        "meaning": setting.meaning,
        "default": setting.default,
        "value": setting.shown,
        "source": setting.source,
    }
