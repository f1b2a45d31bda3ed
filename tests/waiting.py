"""Waiting for what other processes and threads do, where nothing can be awaited."""

import time
from collections.abc import Callable

import psutil

PATIENCE = 10.0
"""Seconds; only a test that fails waits as long."""


def wait_for(what: Callable[[], object]) -> None:
    """Return as soon as `what` holds; fail when it never does."""
    until = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < until, "it never came true"
        time.sleep(0.01)


def runs(process: psutil.Process) -> bool:
    """Say whether a process is there, and not only waited for by its parent."""
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
