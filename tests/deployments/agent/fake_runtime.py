"""A runtime without processes, whose servers do what the test says."""

from dataclasses import dataclass, field
from pathlib import Path

from deployments.models import ModelServer
from deployments.runtimes.protocol import Progress


@dataclass
class FakeProcess:
    """A process of the stand-in; `group` counts the processes that are left of it."""

    owner: str
    alive: bool = True
    group: int = 1
    steps: list[Progress] = field(default_factory=list)
    stops: bool = True
    """Whether it ends when it is asked to."""


class FakeRuntime:
    """Implements `Runtime`; processes are found by the id of their row."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.processes: dict[int, FakeProcess] = {}
        self.calls: list[str] = []
        self.starts = 0
        self.cannot_start: OSError | None = None
        self.stuck = 0.0
        self.before_call = lambda name: None

    def _called(self, name: str) -> None:
        self.before_call(name)
        self.calls.append(name)

    def of(self, server: ModelServer) -> FakeProcess:
        """Return the process of `server`."""
        return self.processes[server.pk]

    def says(self, server: ModelServer, step: str, message: str = "", error: str = "") -> None:
        """Let the process report a step; at `ready` its socket is there."""
        self.of(server).steps.append(Progress(step, message, error))
        if step == "ready":
            self.socket(server).touch()

    def dies(self, server: ModelServer, *, leaves: int = 0) -> None:
        """Let the process end by itself; `leaves` children stay."""
        process = self.of(server)
        process.alive, process.group = False, leaves

    def start(self, server: ModelServer) -> str:
        self._called("start")
        if self.cannot_start is not None:
            raise self.cannot_start
        assert not (server.pk in self.processes and self.of(server).alive), "started twice"
        self.starts += 1
        owner = f"fake/{server.pk}/{self.starts}"
        self.processes[server.pk] = FakeProcess(owner)
        return owner

    def find(self, server: ModelServer) -> str:
        self._called("find")
        process = self.processes.get(server.pk)
        return process.owner if process and process.alive else ""

    def is_alive(self, server: ModelServer) -> bool:
        self._called("is_alive")
        process = self.processes.get(server.pk)
        return bool(process and process.alive and process.owner == server.owner)

    def ask_to_stop(self, server: ModelServer) -> None:
        self._called("ask_to_stop")
        process = self.processes.get(server.pk)
        if process and process.owner == server.owner and process.stops:
            process.alive, process.group = False, process.group - 1

    def kill(self, server: ModelServer) -> None:
        self._called("kill")
        process = self.processes.get(server.pk)
        if process and process.owner == server.owner:
            process.alive, process.group = False, 0

    def remains(self, server: ModelServer) -> bool:
        self._called("remains")
        process = self.processes.get(server.pk)
        return bool(process and process.owner == server.owner and process.group > 0)

    def clean_up(self, server: ModelServer) -> None:
        self._called("clean_up")
        self.socket(server).unlink(missing_ok=True)

    def stuck_for(self, server: ModelServer) -> float:
        return self.stuck

    def progress(self, server: ModelServer) -> list[Progress]:
        process = self.processes.get(server.pk)
        return list(process.steps) if process else []

    def socket(self, server: ModelServer) -> Path:
        return self.folder / f"model-{server.pk}.sock"

    def log_file(self, server: ModelServer) -> Path:
        return self.folder / f"{server.pk}.log"

    def kill_strangers(self, known: set[int]) -> int:
        strangers = [pk for pk, p in self.processes.items() if p.alive and pk not in known]
        for pk in strangers:
            self.processes[pk].alive = False
        return len(strangers)

    @property
    def alive(self) -> list[int]:
        """The rows whose processes (or children of theirs) run."""
        return [pk for pk, process in self.processes.items() if process.alive or process.group > 0]
