"""A report as one HTML file: the parts of its page with styles and icons inside, no links out."""

from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe

from monitoring.contexts.report import baseline_view, check_view, initial_view
from monitoring.models import Baseline, Check

STYLES = ("tokens", "base", "frame", "components", "charts", "pages")


def check_as_html(check: Check) -> str:
    """Return a check as one file."""
    return _render(
        {
            "title": check.headline,
            "check": check,
            "view": check_view(check),
            "described": initial_view(check.described) if check.described else None,
        }
    )


def baseline_as_html(baseline: Baseline) -> str:
    """Return the initial report of a baseline as one file."""
    title = f"Initial report of {baseline.version}"
    return _render({"title": title, "baseline": baseline, "initial": baseline_view(baseline)})


def _render(context: dict[str, object]) -> str:
    parts = {"styles": _styles(), "icons": _icons()}
    page = render_to_string("monitoring/onefile.html", {**context, **parts, "is_file": True})
    # Icons are references into the sprite, which lies in the file itself.
    return page.replace(f'href="{static("icons.svg")}#', 'href="#')


@cache
def _styles() -> SafeString:
    text = "\n".join(_read(f"css/{name}.css") for name in STYLES)
    return mark_safe(text)  # noqa: S308  (our own files)


@cache
def _icons() -> SafeString:
    return mark_safe(_read("icons.svg"))  # noqa: S308  (our own file)


def _read(name: str) -> str:
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(f"static/{name} is missing from this installation.")
    return Path(path).read_text(encoding="utf-8")
