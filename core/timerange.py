"""Stretches of time that people ask for: named windows, or from-to in any time zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from core.errors import InvalidError

WINDOWS: Final[dict[str, timedelta | None]] = {
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
    "year": timedelta(days=365),
    "ever": None,
}


@dataclass(frozen=True, slots=True)
class TimeRange:
    """From `start` on, before `end`; None is without a limit. `name` is how people call it."""

    start: datetime | None
    end: datetime | None
    name: str = ""

    @property
    def label(self) -> str:
        """How the range is written for people."""
        if self.name:
            return "ever" if self.name == "ever" else f"last {self.name}"
        first = f"{self.start:%Y-%m-%d %H:%M}" if self.start else "the beginning"
        last = f"{self.end:%Y-%m-%d %H:%M}" if self.end else "now"
        return f"{first} to {last} UTC"


def named(window: str, *, now: datetime | None = None) -> TimeRange:
    """Return the window called `week`, `month`, … that ends now.

    Raises:
        InvalidError: there is no window of that name.
    """
    if window not in WINDOWS:
        raise InvalidError(
            f"There is no window {window!r}.",
            hint=f"Windows are {', '.join(WINDOWS)}; or give from and to.",
            fields={"window": ["unknown"]},
        )
    length = WINDOWS[window]
    end = now or timezone.now()
    return TimeRange(start=None if length is None else end - length, end=None, name=window)


def parse(params: Mapping[str, str], *, default: str = "ever") -> TimeRange:
    """Return what `window`, or `from` and `to`, ask for.

    Times are RFC 3339; one without an offset is of the zone in `tz` (an IANA name, default UTC),
    and a date alone is its midnight there.

    Raises:
        InvalidError: a time or zone cannot be read, both ways are given, or the end comes first.
    """
    given = {name: params[name] for name in ("from", "to") if params.get(name)}
    if not given:
        return named(params.get("window") or default)
    if params.get("window"):
        raise InvalidError("Give either window, or from and to.", fields={"window": ["or from"]})
    zone = _zone(params.get("tz") or "UTC")
    start, end = (
        _moment(name, given[name], zone) if name in given else None for name in ("from", "to")
    )
    if start is not None and end is not None and start >= end:
        raise InvalidError(
            f"from ({given['from']}) is not before to ({given['to']}).",
            fields={"from": ["not before to"]},
        )
    return TimeRange(start=start, end=end)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise InvalidError(
            f"tz is {name!r}, which is no time zone.",
            hint="Use a name such as Europe/Berlin.",
            fields={"tz": ["unknown"]},
        ) from error


def _moment(name: str, text: str, zone: ZoneInfo) -> datetime:
    # A plus sign in a query string that nobody encoded arrives as a blank.
    try:
        moment = datetime.fromisoformat(text.strip().replace(" ", "+") if "T" in text else text)
    except ValueError as error:
        raise InvalidError(
            f"{name} is {text!r}; it must be a time such as 2026-11-23T14:00:00Z.",
            fields={name: ["not a time"]},
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:  # the first or last hours that a calendar knows
        raise InvalidError(
            f"{name} is {text!r}, which is out of reach.", fields={name: ["out of reach"]}
        ) from error
