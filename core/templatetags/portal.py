"""The template tags of every page: status words, icons, times, numbers, links of lists."""

import re
from datetime import datetime, timedelta
from html import escape
from typing import Any

from django import template
from django.template.defaulttags import querystring
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core import formats
from core.jobs.kinds import title_of
from core.statuses import Tone, word_for

register = template.Library()

register.simple_tag(querystring, name="query_with", takes_context=True)
register.filter("job_title", title_of)

_TICKED = re.compile(r"`([^`]+)`")
_MESSAGE_TONES = {"success": Tone.OK, "warning": Tone.WARN, "error": Tone.BAD}
_TONE_ICONS = {
    Tone.OK: "check",
    Tone.WARN: "alert",
    Tone.BAD: "alert",
    Tone.BUSY: "info",
    Tone.IDLE: "info",
}


@register.inclusion_tag("partials/_status.html")
def status(status_word: str, look: str = "") -> dict[str, Any]:
    """Show a state of `core.statuses` as icon, word and tone.

    `look` is empty for a tinted pill, `plain` for icon and word alone, `large` for page heads.
    """
    return {"word": word_for(str(status_word)), "look": look}


@register.inclusion_tag("partials/_icon.html")
def icon(name: str, css: str = "", label: str = "") -> dict[str, str]:
    """Show an icon of `static/icons.svg`; one with a `label` speaks, others are decoration."""
    return {"name": name, "css": css, "label": label}


@register.filter
def listed(value: Any) -> Any:
    """Join a list by commas, as people write it; what is no list stays as it is."""
    return ", ".join(map(str, value)) if isinstance(value, list) else value


@register.filter
def tone_icon(tone: str) -> str:
    """Return the icon of notes and findings that have a tone but no status word."""
    return _TONE_ICONS.get(Tone(tone), "info")


@register.filter
def message_tone(level_tag: str) -> str:
    """Return the tone of one of Django's messages."""
    return _MESSAGE_TONES.get(level_tag, Tone.BUSY).value


@register.filter
def marked(text: object) -> SafeString:
    """Show what stands between backticks in a message as code; everything else stays text."""
    return SafeString(_TICKED.sub(r"<code>\1</code>", escape(str(text))))


@register.simple_tag
def ago(moment: datetime | None) -> str | SafeString:
    """Show a time as its distance from now, with the time itself as title."""
    return _time(moment, formats.ago(_given(moment)))


@register.simple_tag
def at(moment: datetime | None) -> str | SafeString:
    """Show a time in full, in UTC."""
    return _time(moment, formats.at(_given(moment)))


@register.simple_tag
def clock(moment: datetime | None) -> str | SafeString:
    """Show the time of day of a log line, in UTC, with the full time as title."""
    return _time(moment, formats.at(_given(moment))[11:19] or formats.NOTHING)


@register.simple_tag
def number(value: float | None, digits: int = 4) -> str:
    """Show a number with significant digits and thousands separators."""
    return formats.number(_given(value), digits=digits)


@register.simple_tag(name="bytes")
def size(octets: float | None) -> str:
    """Show a number of bytes in decimal units."""
    return formats.size(_given(octets))


@register.simple_tag
def duration(span: timedelta | float | None) -> str:
    """Show a stretch of time in its two largest units."""
    return formats.duration(_given(span))


@register.simple_tag
def percent(share: float | None, digits: int = 3) -> str:
    """Show a share in per cent."""
    return formats.percent(_given(share), digits=digits)


def _given(value: Any) -> Any:
    """Return what a template handed over; a variable that is not there reaches tags as ""."""
    return None if value == "" else value


def _time(moment: datetime | None, text: str) -> str | SafeString:
    if not moment:
        return text
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        formats.at(moment),
        text,
    )
