"""What the server answers with: the answer of one request, and refusals said to a caller.

The words are the caller's business, so they name the column or value at fault and never hold a
path, a traceback or the whole input.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

JSON_TYPE: Final = "application/json"
MAX_MESSAGE: Final = 500
MAX_VALUE: Final = 60
MAX_NAMES: Final = 5

BAD_REQUEST: Final = 400
TOO_LARGE: Final = 413
UNSUPPORTED: Final = 415
MODEL_RAISED: Final = 422
TOO_MANY: Final = 429
INTERNAL: Final = 500
STOPPING: Final = 503
DEADLINE: Final = 504

# As MLflow calls them, where it has a name.
_CODES: Final = {
    BAD_REQUEST: "BAD_REQUEST",
    TOO_LARGE: "PAYLOAD_TOO_LARGE",
    UNSUPPORTED: "UNSUPPORTED_MEDIA_TYPE",
    MODEL_RAISED: "MODEL_ERROR",
    TOO_MANY: "REQUEST_LIMIT_EXCEEDED",
    INTERNAL: "INTERNAL_ERROR",
    STOPPING: "TEMPORARILY_UNAVAILABLE",
    DEADLINE: "DEADLINE_EXCEEDED",
}

_PLACE: Final = re.compile(r'File "[^"]*", line \d+(?:, in \S+)?')
_PATH: Final = re.compile(r"(?:[A-Za-z]:\\|~/|(?<![\w.])/)[\w.+@-]+(?:[\\/][\w.+@-]*)+")
# An echoed row or body is a long run between brackets; a shape or a short list may stay.
_ECHO: Final = re.compile(r"[\[{].{40,}[\]}]|[\[{].{200,}$")


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request ended: `status` and `body` as MLflow's scoring server would give them."""

    status: int
    body: bytes
    content_type: str = JSON_TYPE
    warnings: tuple[str, ...] = ()


class Refusal(Exception):
    """A request that cannot be answered; `message` is one sentence, `hint` the next step."""

    def __init__(self, message: str, *, hint: str = "", status: int = BAD_REQUEST) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.status = status

    def answer(self) -> Answer:
        """Return the JSON answer `{"error_code", "message", "hint"}`."""
        error = {"error_code": _CODES[self.status], "message": self.message, "hint": self.hint}
        return Answer(status=self.status, body=json.dumps(error).encode())


def scrub(text: str) -> str:
    """Return the first line of a foreign message, without paths and echoed data, cut to 500."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    line = _PLACE.sub("<code>", line[: 8 * MAX_MESSAGE])
    line = _ECHO.sub("[…]", _PATH.sub("<path>", line))
    return line if len(line) <= MAX_MESSAGE else line[: MAX_MESSAGE - 1] + "…"


def show(value: Any) -> str:
    """Return a value as JSON writes it, cut to 60 characters."""
    try:
        text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= MAX_VALUE else text[: MAX_VALUE - 1] + "…"


def listed(names: list[str]) -> str:
    """Return names in quotes, the first five and how many more."""
    shown = ", ".join(f"'{name:.{MAX_VALUE}}'" for name in names[:MAX_NAMES])
    return shown if len(names) <= MAX_NAMES else f"{shown} and {len(names) - MAX_NAMES} more"
