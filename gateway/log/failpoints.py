"""Named places where a test can kill the process, as a power cut or `kill -9` would.

`PORTAL_FAILPOINT=log.after_write` ends the process with SIGKILL the first time it gets there,
`PORTAL_FAILPOINT=log.after_write:3` the third time. The variable is read once, at import, and not
through `mlopsportal.env`: it is no setting, and the log knows nothing of the project above it.
"""

import os
import signal

POINTS = {
    "log.before_write": "a batch is taken from the queue; nothing of it is in the file",
    "log.after_write": "the batch is in the file, not synced",
    "log.after_sync": "the batch is on disk; no caller knows it yet",
    "log.segment_created": "a new segment has its name; its header is not written",
    "log.segment_synced": "the header is on disk; the name perhaps not",
    "log.segment_ready": "header and name are on disk; no record is in it",
}


def _parse(text: str) -> tuple[str, int]:
    name, _, nth = text.partition(":")
    if nth and not (nth.isascii() and nth.isdigit() and int(nth)):
        raise ValueError(
            f"PORTAL_FAILPOINT={text} cannot be read: write name or name:n with n from 1."
        )
    return name, int(nth or 1)


_armed, _hits_left = _parse(os.environ.get("PORTAL_FAILPOINT", ""))


def failpoint(name: str) -> None:
    """Kill this process if `name` is the armed point and its turn has come; else do nothing."""
    global _hits_left
    if name != _armed:
        return
    _hits_left -= 1
    if _hits_left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
