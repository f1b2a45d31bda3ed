"""Worker and clock as real processes on a broker and a database of a test's own."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import psycopg

from mlopsportal.processes import programs
from tests.e2e.portal import ROOT


@dataclass(frozen=True)
class Row:
    """What the database says of a job."""

    status: str
    attempts: int
    error: str


class Workers:
    """The background half of a portal: its worker and its clock, started and killed at will."""

    def __init__(self, data: Path, *, database_url: str = "", broker_url: str = "") -> None:
        self.data = data
        self.runs = data.parent / f"{data.name}-runs"
        self.runs.mkdir()
        self.log = data.parent / f"{data.name}.log"
        self._database_url = database_url
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PORTAL_")}
        self._environment = {
            **kept,
            "DJANGO_SETTINGS_MODULE": "tests.live.worker_settings",
            "PORTAL_DATA": str(data),
            "PORTAL_ENV_FILE": "",
            "PORTAL_BROKER_URL": broker_url,
            "DATABASE_URL": database_url,
            "SECRET_KEY": "only-for-tests-" + "x" * 50,
            "PYTHONDONTWRITEBYTECODE": "",
        }
        self._run([sys.executable, "manage.py", "setup"])

    def start(self, *names: str) -> None:
        """Start `worker1`, `worker2` or `clock` with the command line of `manage.py up`."""
        commands = {program.name: program.arguments for program in programs(["worker"])}
        for name in names:
            with self.log.open("ab") as log:
                self._processes[name] = subprocess.Popen(
                    commands[name],
                    cwd=ROOT,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )

    def kill(self, name: str) -> None:
        """`kill -9` the process and all its children, as a power cut would."""
        process = self._processes.pop(name)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self, name: str) -> int:
        """Tell the process to stop, as Ctrl-C of the portal does, and return its exit code."""
        process = self._processes.pop(name)
        process.terminate()
        return process.wait(timeout=30)

    def end(self) -> None:
        """End what still runs."""
        for name in list(self._processes):
            process = self._processes[name]
            process.terminate()
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill(name)

    def enqueue(self, kind: str, *, count: int = 1, seconds: float = 0.0) -> list[UUID]:
        """Write jobs in a process of its own, as the portal's pages do."""
        asked = [kind, str(count), str(seconds), str(self.runs)]
        printed = self._run([sys.executable, "-m", "tests.live.slow.enqueue", *asked])
        return [UUID(line) for line in printed.split()]

    def attempts_begun(self, job: UUID) -> int:
        """Return how many times the handler was entered."""
        return len(list(self.runs.glob(f"{job}.*")))

    def job(self, job: UUID) -> Row:
        """Return the job's row."""
        query = "SELECT status, attempts, error FROM core_job WHERE id = "
        if self._database_url:
            with psycopg.connect(self._database_url) as connection:
                found = connection.execute(f"{query} %s", [job]).fetchone()
        else:
            with sqlite3.connect(self.data / "portal.sqlite3", timeout=30) as connection:
                found = connection.execute(f"{query} ?", [job.hex]).fetchone()
        assert found is not None, job
        return Row(*found)

    def statuses(self, jobs: list[UUID]) -> Counter[str]:
        """Return how many of the jobs are in which state."""
        return Counter(self.job(job).status for job in jobs)

    def wait_for(self, condition: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `condition` holds; fail with the processes' last lines if it never does."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition():
                return
            time.sleep(0.1)
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        raise AssertionError(f"Waited {seconds} s in vain.\n" + "\n".join(lines[-60:]))

    def _run(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout
