"""The vocabulary of states: every status word of the portal with its tone and icon.

Colour is never the only sign: a state is shown as icon, word and tone together, and only through
the template tag `{% status %}`, which looks the word up here.
"""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    """What a state means to the reader; each tone is a pair of colours in both themes."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"
    BUSY = "busy"
    IDLE = "idle"


@dataclass(frozen=True, slots=True)
class StatusWord:
    """A state as it is shown: the word, its tone, and an icon of `static/icons.svg`."""

    label: str
    tone: Tone
    icon: str


WORDS: dict[str, StatusWord] = {
    # jobs
    "queued": StatusWord("queued", Tone.BUSY, "clock"),
    "running": StatusWord("running", Tone.BUSY, "spinner"),
    "succeeded": StatusWord("succeeded", Tone.OK, "check"),
    "failed": StatusWord("failed", Tone.BAD, "cross"),
    "cancelled": StatusWord("cancelled", Tone.IDLE, "minus"),
    # deployments and the model servers behind them
    "pending": StatusWord("waiting", Tone.BUSY, "clock"),
    "building": StatusWord("building environment", Tone.BUSY, "spinner"),
    "starting": StatusWord("starting", Tone.BUSY, "spinner"),
    "proving": StatusWord("proving", Tone.BUSY, "spinner"),
    "live": StatusWord("live", Tone.OK, "check"),
    "restarting": StatusWord("restarting", Tone.WARN, "spinner"),
    "draining": StatusWord("draining", Tone.BUSY, "clock"),
    "stopping": StatusWord("stopping", Tone.BUSY, "clock"),
    "stopped": StatusWord("stopped", Tone.IDLE, "minus"),
    "replaced": StatusWord("replaced", Tone.IDLE, "minus"),
    "down": StatusWord("down", Tone.BAD, "cross"),
    # checks and alarms
    "steady": StatusWord("steady", Tone.OK, "check"),
    "drifting": StatusWord("drifting", Tone.WARN, "wave"),
    "no_data": StatusWord("no data", Tone.IDLE, "question"),
    "unknown": StatusWord("unknown", Tone.IDLE, "question"),
    "open": StatusWord("open", Tone.BAD, "bell"),
    "acknowledged": StatusWord("acknowledged", Tone.WARN, "bell"),
    "resolved": StatusWord("resolved", Tone.OK, "check"),
    "returned": StatusWord("returned", Tone.BAD, "bell"),
    # answers to predictions
    "answered": StatusWord("answered", Tone.OK, "check"),
    "refused": StatusWord("refused", Tone.WARN, "minus"),
    # tokens and people
    "active": StatusWord("active", Tone.OK, "check"),
    "expired": StatusWord("expired", Tone.IDLE, "clock"),
    "revoked": StatusWord("revoked", Tone.IDLE, "minus"),
    "disabled": StatusWord("disabled", Tone.IDLE, "minus"),
    # models
    "ready": StatusWord("ready", Tone.OK, "check"),
    "missing": StatusWord("missing", Tone.WARN, "question"),
}

_UNKNOWN = WORDS["unknown"]


def word_for(status: str) -> StatusWord:
    """Return how `status` is shown; a state that nobody described is shown as unknown."""
    return WORDS.get(status, _UNKNOWN)
