"""What every way of running a model server offers to the node agent."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from deployments.models import ModelServer


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a model server has come: `step` is import, load, example, ready or failed."""

    step: str
    message: str = ""
    error_type: str = ""


class Runtime(Protocol):
    """Starts, finds, watches and stops the process (group) of one model server."""

    def start(self, server: ModelServer) -> str:
        """Start the process and return its owner text (`core.owners`)."""

    def find(self, server: ModelServer) -> str:
        """Return the owner text of a running process of `server`, or an empty string."""

    def is_alive(self, server: ModelServer) -> bool:
        """Say whether the process that the row names still runs."""

    def ask_to_stop(self, server: ModelServer) -> None:
        """Ask the process to finish what it works on and end."""

    def kill(self, server: ModelServer) -> None:
        """End the process and all that it started, at once."""

    def remains(self, server: ModelServer) -> bool:
        """Say whether any process of the group is left."""

    def clean_up(self, server: ModelServer) -> None:
        """Remove socket and scratch files of a process that has ended."""

    def stuck_for(self, server: ModelServer) -> float:
        """Return for how many seconds one prediction has kept the live model server busy."""

    def progress(self, server: ModelServer) -> list[Progress]:
        """Return the steps that the process has reported since it started."""

    def socket(self, server: ModelServer) -> Path:
        """Return the Unix socket under which the model answers."""

    def log_file(self, server: ModelServer) -> Path:
        """Return the file with the output of the process."""

    def kill_strangers(self, known: set[int]) -> int:
        """End the model servers of this node whose rows are not in `known`; return how many."""
