"""The progress file: one JSON line for each step of a start, read by the node agent.

    {"time", "step": "import"|"load"|"example"|"ready"|"failed", "seconds", "message",
     "error_type", "trace"}

A line is written when its step has ended. `seconds` is the time of the step itself and, in
`ready`, of the whole start. The line `failed` also has `during`, the step that failed.
"""

import json
import time
import traceback
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

MAX_TRACE: Final = 16_000


class Progress:
    """Writes the lines of one start; each is in the file when the method returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8", buffering=1)
        self._began = self._step_began = time.monotonic()

    def done(self, step: str, message: str) -> None:
        """Write that a step has ended well; the next one begins now."""
        self._write(step=step, since=self._step_began, message=message)
        self._step_began = time.monotonic()

    def ready(self, message: str) -> None:
        """Write that the server answers on its socket."""
        self._write(step="ready", since=self._began, message=message)

    def failed(self, during: str, error: BaseException, message: str) -> None:
        """Write that the start ended here; `message` says why and what to do."""
        trace = "".join(traceback.format_exception(error))[-MAX_TRACE:]
        self._write(
            step="failed",
            since=self._step_began,
            message=message,
            error_type=type(error).__name__,
            trace=trace,
            during=during,
        )

    def _write(
        self,
        *,
        step: str,
        since: float,
        message: str,
        error_type: str = "",
        trace: str = "",
        **more: str,
    ) -> None:
        line = {
            "time": datetime.now(timezone.utc).isoformat(),  # noqa: UP017  Python 3.10 has no UTC
            "step": step,
            "seconds": round(time.monotonic() - since, 3),
            "message": message,
            "error_type": error_type,
            "trace": trace,
            **more,
        }
        self._file.write(json.dumps(line) + "\n")
