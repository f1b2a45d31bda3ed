"""The real servers and programs of the live tests: installed from Debian, proven, started, ended.

    python -m scripts.live_services install          what is missing, when root
    python -m scripts.live_services prove            each starts and answers
    python -m scripts.live_services run -- COMMAND   COMMAND with PostgreSQL and Redis at hand
    python -m scripts.live_services run              the same until Ctrl-C

Everything listens on loopback, at ports and in folders of its own, and is ended by its pid.
"""

import argparse
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.live_servers import PostgresServer, RedisServer, postgres_program

DATABASE_VARIABLE: Final = "TEST_PORTAL_DATABASE_URL"
BROKER_VARIABLE: Final = "TEST_PORTAL_BROKER_URL"

# As root in a container Chromium has no sandbox of its own; the rest keeps it off the internet.
CHROMIUM_FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass(frozen=True, slots=True)
class Part:
    """A program that live tests need: Debian's package, how to ask its version, what it is for."""

    program: str
    package: str
    version: tuple[str, ...]
    purpose: str

    @property
    def path(self) -> str | None:
        """Where it is installed, if it is."""
        if self.program == "postgres":
            found = postgres_program("postgres")
            return str(found) if found else None
        # Debian puts servers where the PATH of other users than root does not look.
        return shutil.which(self.program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


PARTS: Final = (
    Part("postgres", "postgresql", ("--version",), "the database of the portal and of MLflow"),
    Part("redis-server", "redis-server", ("--version",), "the broker"),
    Part("nginx", "nginx", ("-v",), "the proxy in front of several web processes"),
    Part("chromium", "chromium", ("--no-sandbox", "--version"), "pages as people see them"),
    Part("strace", "strace", ("--version",), "the order of system calls"),
    Part("bwrap", "bubblewrap", ("--version",), "the sandbox of models"),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(prog="live_services", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True)
    acts.add_parser("install", help="install what is missing (as root)")
    acts.add_parser("prove", help="start each server and ask each program for its version")
    run_parser = acts.add_parser("run", help="run a command with PostgreSQL and Redis at hand")
    run_parser.add_argument("command", nargs="*")
    given = parser.parse_args(arguments)
    if given.act == "install":
        return install()
    if given.act == "prove":
        return prove()
    return run(given.command)


def missing() -> list[Part]:
    """Return the parts that are not installed."""
    return [part for part in PARTS if part.path is None]


def install() -> int:
    """Install what is missing; who may not is told what to install."""
    packages = [part.package for part in missing()]
    if not packages:
        return 0
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        _say("These programs are missing here:")
        for part in missing():
            _say(f"  {part.program} (Debian package {part.package}): {part.purpose}")
        _say(f"Install them as root: apt-get install {' '.join(packages)}")
        return 1
    with tempfile.TemporaryDirectory(prefix="live-services-") as folder:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        # Debian starts a server as soon as it is installed; runlevel 1 is where it does not.
        environment["RUNLEVEL"] = "1"
        log = Path(folder) / "apt.log"
        for command in (
            [apt, "update", "--quiet"],
            [apt, "install", "--yes", "--quiet", "--no-install-recommends", *packages],
        ):
            with log.open("ab") as output:
                done = subprocess.run(
                    command, env=environment, stdout=output, stderr=subprocess.STDOUT, check=False
                )
            if done.returncode:
                _say(log.read_text(encoding="utf-8", errors="replace"))
                _say(f"{shlex.join(command)} failed with exit code {done.returncode}.")
                return 1
    _say(f"Installed: {', '.join(packages)}.")
    return 0


def prove() -> int:
    """Ask every program for its version, start both servers and Chromium once; 1 when one fails."""
    absent = missing()
    for part in absent:
        _say(f"{part.program:13} missing: {part.purpose}; Debian package {part.package}")
    for part in PARTS:
        if part.path is not None:
            _say(f"{part.program:13} {_version(part.path, part.version)}")
    if absent:
        return 1
    with PostgresServer() as postgres, RedisServer() as redis:
        _say(f"PostgreSQL    answered on port {postgres.port}, and was ended")
        _say(f"Redis         answered on port {redis.port}, and was ended")
    drew = _chromium_draws()
    _say(f"Chromium      {'drew' if drew else 'did not draw'} a page")
    return 0 if drew else 1


def run(command: Sequence[str]) -> int:
    """Run `command`, or wait for Ctrl-C, with both servers up; return its exit code."""
    absent = [part for part in missing() if part.program in {"postgres", "redis-server"}]
    if absent:
        names = ", ".join(part.program for part in absent)
        _say(f"Missing here: {names}. `make live-services` installs what the live tests need.")
        return 1
    # Being told to stop must end the servers too, so it becomes an exception.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with PostgresServer() as postgres, RedisServer() as redis:
        given = {DATABASE_VARIABLE: postgres.create_database("portal"), BROKER_VARIABLE: redis.url}
        if not command:
            for name, value in given.items():
                _say(f"export {name}={shlex.quote(value)}")
            _say("Ctrl-C ends both.")
            try:
                signal.pause()
            except KeyboardInterrupt:
                return 0
        return _run_beside(command, environment={**os.environ, **given})


def _run_beside(command: Sequence[str], *, environment: dict[str, str]) -> int:
    child = subprocess.Popen(command, env=environment)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            # The terminal told the child as well: let it end in its own way, then the servers.
            continue
        except SystemExit:
            child.terminate()
            child.wait()
            raise


def _chromium_draws() -> bool:
    """Say whether Chromium runs a page's script and shows what that wrote."""
    path = next(part.path for part in PARTS if part.program == "chromium")
    page = "data:text/html,<script>document.write(6*7,' drawn')</script>"
    with tempfile.TemporaryDirectory(prefix="live-chromium-") as profile:
        done = subprocess.run(
            [str(path), *CHROMIUM_FLAGS, f"--user-data-dir={profile}", "--dump-dom", page],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    return "42 drawn" in done.stdout


def _version(path: str, arguments: Sequence[str]) -> str:
    done = subprocess.run(
        [path, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    # Chromium's start script may complain first: the version is where digits and dots are.
    versions = (line for line in done.stdout.splitlines() if re.search(r"\d+\.\d+", line))
    return next(versions, "does not say its version")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
