"""How figures of reports are named and written for people."""

from datetime import UTC, datetime
from typing import Any, Final

from core import formats

DATE: Final = "date"
TEXT: Final = "text"

FIGURES: Final = {
    "mean": "mean",
    "std": "standard deviation",
    "min": "smallest",
    "q25": "lower quartile",
    "median": "median",
    "q75": "upper quartile",
    "max": "largest",
}
COMPARED: Final = {
    **FIGURES,
    "missing": "share without a value",
    "label shares": "rows that moved to other labels",
    "share": "share of rows",
    "radius": "radius (rms)",
}
SHARES: Final = ("missing", "label shares", "share")
COUNTS: Final = {
    "count": "rows with a value",
    "missing": "rows without",
    "unreadable": "not of this kind",
    "infinite": "infinite",
    "distinct": "different values",
}

_SECONDS_PER_DAY: Final = 86_400.0


def compared(what: str) -> str:
    """Return how people call a figure of a comparison."""
    return COMPARED.get(what, what)


def figure(name: str, value: float | None, *, kind: str) -> str:
    """Return a figure of a column with its unit: a date as a date, a length in characters."""
    if value is None:
        return formats.NOTHING
    if name in SHARES:
        return formats.percent(value)
    if kind == DATE:
        return _date(name, value)
    unit = " characters" if kind == TEXT else ""
    return f"{formats.number(value)}{unit}"


def moment(text: str) -> datetime | str:
    """Return a time that a report holds in ISO 8601, or the text itself when it is none."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return text


def chance(p_value: float | None) -> str:
    """Return a p-value: two digits, and no more zeros than anybody counts."""
    if p_value is None:
        return formats.NOTHING
    return "< 0.0001" if p_value < 1e-4 else formats.number(p_value, digits=2)


def by_name(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """Return the entry called `name` in a list of distances, or an empty dict."""
    return next((entry for entry in entries if entry["name"] == name), {})


def _date(name: str, seconds: float) -> str:
    if name == "std":
        return f"{formats.number(seconds / _SECONDS_PER_DAY, digits=3)} days"
    try:
        return formats.at(datetime.fromtimestamp(seconds, tz=UTC))
    except (OverflowError, ValueError, OSError):
        return formats.number(seconds)
