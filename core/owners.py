"""Names of processes that outlive guesses: node, boot, pid and start time together.

A pid alone may belong to a stranger after a restart; with the boot id and the start time it is
certain whether the process that took a job or serves a model still lives.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import psutil
from django.conf import settings


@dataclass(frozen=True, slots=True)
class Owner:
    """One process on one boot of one node."""

    node: str
    boot: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"{self.node}/{self.boot}/{self.pid}/{self.started}"

    @classmethod
    def parse(cls, text: str) -> "Owner | None":
        """Return the owner that `str()` wrote, or None for anything else."""
        parts = text.rsplit("/", 3)
        if len(parts) != 4 or not parts[2].isdecimal():
            return None
        return cls(node=parts[0], boot=parts[1], pid=int(parts[2]), started=parts[3])

    @property
    def is_here(self) -> bool:
        """Whether the process is of this node, so that its end can be seen from here."""
        return self.node == settings.NODE

    @property
    def is_alive(self) -> bool:
        """Whether the process still runs; only meaningful on its own node."""
        return self.boot == boot_id() and start_of(self.pid) == self.started


def myself() -> Owner:
    """Return the owner that this process is."""
    pid = psutil.Process().pid
    return Owner(node=settings.NODE, boot=boot_id(), pid=pid, started=start_of(pid))


def is_gone(owner: str) -> bool:
    """Say whether the process named by `owner` is known to have ended (False when unsure)."""
    parsed = Owner.parse(owner)
    return parsed is not None and parsed.is_here and not parsed.is_alive


@lru_cache(maxsize=1)
def boot_id() -> str:
    """Return what distinguishes this boot of the machine from every other."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()[:8]


def start_of(pid: int) -> str:
    """Return when `pid` started, in clock ticks since boot; empty if there is none.

    A zombie counts as ended: nobody collected it yet, but it runs nothing.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return ""
    # The command name stands in parentheses and may hold blanks: count from the last one.
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]
