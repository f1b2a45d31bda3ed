"""A newcomer's first ten minutes: the README's own commands, cut off, gone on with, seen again."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.portal import ROOT, free_port, living, wait_until

pytestmark = [pytest.mark.live, pytest.mark.e2e]

CLONE = "git clone <this repository> portal && cd portal"
INSTALL_AND_DEMO_SECONDS = 600


class Shell:
    """What a newcomer types and sees: one command at a time, its output, Ctrl-C."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""
        self._process: subprocess.Popen[str] | None = None
        self._log = folder.parent / "seen"

    def run(self, command: str, *, port: int) -> None:
        """Start `command` as a shell in the foreground does: with a process group of its own."""
        self.url = f"http://127.0.0.1:{port}"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PORTAL_", "DJANGO_"))}
        for name in ("VIRTUAL_ENV", "SECRET_KEY", "MAKEFLAGS", "MAKELEVEL", "PYTHONWARNINGS"):
            kept.pop(name, None)
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", command],
                cwd=self.folder,
                env={**kept, "PORTAL_PORT": str(port)},
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                start_new_session=True,
            )

    @property
    def seen(self) -> str:
        """What was printed."""
        return self._log.read_text(errors="replace")

    def wait_for(self, words: str, *, seconds: float) -> None:
        """Wait until `words` were printed."""
        assert self._process is not None
        process = self._process
        wait_until(
            lambda: words in self.seen or process.poll() is not None,
            seconds=seconds,
            said=lambda: self.seen,
        )
        assert words in self.seen, self.seen

    def press_ctrl_c(self) -> None:
        """Send SIGINT to the foreground group, and wait until it has ended."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGINT)
        self._process.wait(timeout=60)

    def end(self) -> None:
        """Leave nothing running, whatever happened."""
        for process in living(str(self.folder)):
            process.kill()
        if self._process is not None:
            self._process.wait(timeout=10)


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    folder = tmp_path / "portal"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],  # noqa: S607  git as the newcomer has it
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():  # a file that was removed and is not committed yet is listed
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    shell = Shell(folder)
    yield shell
    shell.end()


def test_the_readmes_commands_show_the_demo_which_survives_ctrl_c_at_any_time(shell: Shell) -> None:
    block = re.search(
        r"## Try it\n.*?```\n(.*?)```", (shell.folder / "README.md").read_text(), re.S
    )
    assert block is not None
    clone, command = block[1].strip().splitlines()
    assert clone == CLONE

    shell.run(command, port=free_port())
    shell.wait_for("Sending 14 days", seconds=INSTALL_AND_DEMO_SECONDS)
    shell.press_ctrl_c()
    assert living(str(shell.folder)) == []

    shell.run(command, port=free_port())
    shell.wait_for("/alarms/", seconds=INSTALL_AND_DEMO_SECONDS)
    password = re.findall(r"Password\s+(\S+)", shell.seen)[-1]
    with _logged_in(shell.url, password) as client:
        home = client.get("/").text
        assert "breast-cancer" in home
        assert "drifting" in home
        alarms = client.get("/api/v1/alarms").json()["results"]
        assert [alarm["status"] for alarm in alarms] == ["open"]
        predictions = client.get(_PREDICTIONS).json()
        assert len(predictions) == 24 * 16
        assert all(len(prediction["truths"]) == 3 for prediction in predictions)
    shell.press_ctrl_c()
    assert living(str(shell.folder)) == []

    began = time.monotonic()
    shell.run(command, port=free_port())
    with _logged_in(shell.url, password) as client:
        print(f"The next start answered a page after {time.monotonic() - began:.1f} s.")  # noqa: T201  a figure to read
        assert client.get(_PREDICTIONS).json() == predictions
        assert client.get("/api/v1/alarms").json()["count"] == 1
    assert "Password" not in shell.seen
    shell.press_ctrl_c()
    assert living(str(shell.folder)) == []


_PREDICTIONS = "/api/v1/deployments/breast-cancer/predictions?window=month"


@contextlib.contextmanager
def _logged_in(url: str, password: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, follow_redirects=True, timeout=30) as client:

        def answers() -> bool:
            try:
                return client.get("/readyz").is_success
            except httpx.TransportError:
                return False

        wait_until(answers, seconds=90)
        client.get("/login/")
        form = {
            "username": "ada",
            "password": password,
            "csrfmiddlewaretoken": client.cookies["csrftoken"],
        }
        assert client.post("/login/", data=form).url.path == "/"
        yield client
