"""The processes of a one-machine install: which there are, and keeping them running.

honcho starts them, prefixes their output and ends them together; on top of that a process that
ends by itself is started again, with back-off, and none outlives its parent.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from honcho import manager as honcho_manager
from honcho.manager import Manager
from honcho.process import Process

ROLES: Final = ("web", "worker", "mlflow")
_PR_SET_PDEATHSIG: Final = 1
_STEADY_SECONDS: Final = 30.0
_SHORTEST_PAUSE: Final = 0.5
_LONGEST_PAUSE: Final = 15.0
_LOST_SECONDS: Final = 2.0

# Jobs and requests in flight may take a little longer than honcho's five seconds to end.
honcho_manager.KILL_WAIT = 10


@dataclass(frozen=True, slots=True)
class Program:
    """One process to keep: its name in the output and its argument list."""

    name: str
    arguments: list[str]
    once: bool = False
    """Whether it is done when it ends, instead of being started again."""


def programs(roles: Sequence[str]) -> list[Program]:
    """Return the processes that the named roles consist of."""
    python = [sys.executable, "manage.py"]
    celery = [sys.executable, "-m", "celery", "--quiet", "-A", "mlopsportal"]
    found = []
    if "web" in roles:
        found.append(Program("web", [*python, "web"]))
    if "worker" in roles:
        # One process each: a pool's children share a lock, and the one that is killed while it
        # holds it leaves a worker that takes messages and runs nothing, for ever.
        worker = [*celery, "worker", "--pool", "solo", "--loglevel", settings.LOG_LEVEL]
        worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        for name in (f"worker{number + 1}" for number in range(settings.WORKER_PROCESSES)):
            found.append(Program(name, [*worker, "--hostname", f"{name}@%h"]))
        found.append(Program("clock", [*python, "clock"]))
        found.append(Program("agent", [*python, "agent"]))
    if "mlflow" in roles:
        found.append(Program("mlflow", [*python, "mlflow"]))
    return found


@dataclass
class _Kept:
    """What the manager remembers of one program between its starts."""

    program: Program
    started: float = 0.0
    pause: float = _SHORTEST_PAUSE
    due: float | None = None
    dead_since: float | None = None
    told: int | None = None
    """The pid that was told to end."""


class Keeper(Manager):  # type: ignore[misc]
    """honcho's manager, which starts again what ends by itself."""

    def __init__(self, kept: Sequence[Program]) -> None:
        super().__init__()
        self._process_ctor = _Child
        self._kept = {program.name: _Kept(program) for program in kept}
        for program in kept:
            self.add_process(program.name, program.arguments)

    def _start(self) -> None:
        for entry in self._kept.values():
            entry.started = time.monotonic()
        super()._start()

    def terminate(self) -> None:
        """Begin to end everything; the loop does it, for signals come in the midst of anything."""
        self._terminating = True

    def _all_started(self) -> bool:
        """Hook of honcho's loop, asked ten times a second: bring back, or end, what there is."""
        for name, entry in self._kept.items():
            self._look_after(name, entry)
        if self._terminating:
            self._killall()
        return all("pid" in state or "returncode" in state for state in self._processes.values())

    def _any_stopped(self) -> bool:
        """One process that ended is no reason to end the others; being told to stop is."""
        return bool(self._terminating)

    def _killall(self, force: bool = False) -> None:
        """Signal what runs; a program whose start is still to be reported gets its signal then."""
        for name, entry in self._kept.items():
            state = self._processes[name]
            pid = state.get("pid")
            if pid is None or "returncode" in state or (entry.told == pid and not force):
                continue
            entry.told = pid
            self._system_print(f"ending {name} (pid {pid})\n")
            if force:
                self._procmgr.kill(pid)
            else:
                # The program alone, not its group: it ends its children in its own order.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)

    def _all_stopped(self) -> bool:
        stopped: bool = super()._all_stopped()
        return stopped and (
            self._terminating or all(entry.program.once for entry in self._kept.values())
        )

    def _look_after(self, name: str, entry: _Kept) -> None:
        state = self._processes[name]
        now = time.monotonic()
        ended = self._has_ended(state, entry, now)
        if self._terminating:
            return
        if ended and entry.due is None and not entry.program.once:
            # What was killed from outside has nothing wrong with it that waiting could mend.
            if state["returncode"] == -signal.SIGKILL or now - entry.started > _STEADY_SECONDS:
                entry.pause = _SHORTEST_PAUSE
            entry.due = now + entry.pause
            entry.pause = min(entry.pause * 2, _LONGEST_PAUSE)
        if entry.due is not None and now >= entry.due:
            entry.due, entry.dead_since, entry.started = None, None, now
            state.pop("returncode", None)
            state.pop("pid", None)
            self._system_print(f"starting {name} again\n")
            state["process"] = multiprocessing.Process(
                name=name, target=state["obj"].run, args=(self.events, True)
            )
            state["process"].start()

    def _has_ended(self, state: dict[str, Any], entry: _Kept, now: float) -> bool:
        if "returncode" in state:
            return True
        # The wrapper itself may have been killed, so that nobody reports the end. Its last
        # message may still be on the way: wait before believing it.
        if "process" in state and not state["process"].is_alive():
            entry.dead_since = entry.dead_since or now
            if now - entry.dead_since > _LOST_SECONDS:
                state["returncode"] = -signal.SIGKILL
                return True
        return False


class _Child(Process):  # type: ignore[misc]
    """One start of a program; the wrapper and the program each end with their parent."""

    def __init__(self, cmd: list[str], **options: Any) -> None:
        super().__init__(cmd, **options)
        self._child_ctor = _popen

    def run(self, events: Any = None, ignore_signals: bool = False) -> None:
        _die_with_parent(signal.SIGKILL)
        # At once: a Ctrl-C reaches the wrapper too, which has the handlers of its keeper.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        super().run(events, ignore_signals)


def _popen(arguments: list[str], **options: Any) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        # Safe: the wrapper that forks here has one thread.
        preexec_fn=_end_with_wrapper,
        **options,
    )


def _end_with_wrapper() -> None:
    _die_with_parent(signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _die_with_parent(sent: signal.Signals) -> None:
    """Ask the kernel to send `sent` to this process when its parent ends, however it ends."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), sent)
