"""How numbers, sizes, durations and times are written for people; the same on pages and in charts.

Every function takes None and NaN and writes "—" for them: nothing known is never a zero.
"""

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from django.utils import timezone

NOTHING: Final = "—"
_SIZES: Final = ("B", "kB", "MB", "GB", "TB", "PB")
_LARGEST_WHOLE: Final = 1e15
"""Beyond this a float no longer holds every whole number, so its digits would be invented."""


def is_nothing(value: float | None) -> bool:
    """Say whether there is no number to show: None or NaN."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def number(value: float | None, *, digits: int = 4) -> str:
    """Return `value` with `digits` significant digits and thousands separators.

    Whole numbers keep all their digits, very small and very large ones are written in powers of
    ten: `12,345`, `0.6912`, `1,235`, `1.2e-07`.
    """
    if value is None or math.isnan(value):
        return NOTHING
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if isinstance(value, int) or (value == int(value) and size < _LARGEST_WHOLE):
        return f"{int(value):,}"
    if size < 1e-4 or size >= _LARGEST_WHOLE:
        mantissa, _, exponent = f"{value:.{digits - 1}e}".partition("e")
        return f"{_trimmed(mantissa)}e{exponent}"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    return _trimmed(f"{value:,.{decimals}f}")


def percent(share: float | None, *, digits: int = 3) -> str:
    """Return a share (1 is the whole) in per cent: `12.3 %`, `437 %`."""
    return (
        NOTHING if share is None or math.isnan(share) else f"{number(share * 100, digits=digits)} %"
    )


def size(octets: float | None) -> str:
    """Return a number of bytes in decimal units with three significant digits: `1.44 MB`."""
    if octets is None or math.isnan(octets):
        return NOTHING
    value = float(octets)
    unit = 0
    while abs(value) >= 999.5 and unit < len(_SIZES) - 1:
        value /= 1000
        unit += 1
    return f"{number(value, digits=3)} {_SIZES[unit]}"


def duration(span: timedelta | float | None) -> str:
    """Return a stretch of time (or seconds) in its two largest units: `850 ms`, `3 min 20 s`.

    A negative one, which two clocks that disagree can make, is shown as none at all.
    """
    if span is None:
        return NOTHING
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    if math.isnan(seconds):
        return NOTHING
    if seconds <= 0:
        return "0 s"
    if seconds < 0.9995:
        return f"{number(seconds * 1000, digits=3 if seconds >= 0.1 else 2)} ms"
    if seconds < 9.95:
        return f"{number(seconds, digits=2)} s"
    return _in_two_units(round(seconds))


def ago(moment: datetime | None, *, now: datetime | None = None) -> str:
    """Return how long ago `moment` was, or in how long it will be; older than 30 days its date."""
    if moment is None:
        return NOTHING
    seconds = ((now or timezone.now()) - moment).total_seconds()
    if abs(seconds) < 2:
        return "now"
    if abs(seconds) >= timedelta(days=30).total_seconds():
        return f"{moment.astimezone(UTC):%Y-%m-%d}"
    text = _in_one_unit(abs(seconds))
    return f"{text} ago" if seconds > 0 else f"in {text}"


def at(moment: datetime | None) -> str:
    """Return `moment` in full, in UTC: `2026-11-23 21:42:05 UTC`."""
    return NOTHING if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _in_one_unit(seconds: float) -> str:
    for length, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def _in_two_units(seconds: int) -> str:
    days, rest = divmod(seconds, 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")]
    first = next(i for i, (count, _) in enumerate(parts) if count)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2] if count)


def _trimmed(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text
