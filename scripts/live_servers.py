"""PostgreSQL and Redis as servers of a test's own: folder, free port on loopback, ended by pid."""

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_START_SECONDS: Final = 30.0
_END_SECONDS: Final = 20.0
_PR_SET_PDEATHSIG: Final = 1


class Server(ABC):
    """A server process; `start` and `stop` may be called again and again, data is kept between."""

    name: str
    ending: signal.Signals = signal.SIGTERM

    def __init__(self) -> None:
        self.port = free_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"live-{self.name.lower()}-"))
        self.process: subprocess.Popen[bytes] | None = None
        # Whom it runs as; None is whoever asks.
        self.user: int | None = None
        self.group: int | None = None

    def start(self) -> None:
        """Start the server and wait until it answers.

        Raises:
            RuntimeError: it ended, or did not answer in time; the message has its log.
        """
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # A test run that is killed must not leave its servers behind.
                preexec_fn=_end_with_parent,
                user=self.user,
                group=self.group,
                extra_groups=None if self.user is None else [],
            )
        deadline = time.monotonic() + _START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"{self.name} did not start:\n{self._log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End the server in its orderly way, or by force when it takes too long."""
        if self.process is None:
            return
        self.process.send_signal(self.ending)
        try:
            self.process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def __enter__(self) -> Self:
        """Start it."""
        try:
            self._prepare()
            self.start()
        except BaseException:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop it and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    def _prepare(self) -> None:  # noqa: B027  (most servers need nothing)
        """Make what the server needs before its first start."""

    @abstractmethod
    def _command(self) -> list[str]: ...

    @abstractmethod
    def _answers(self) -> bool: ...


class PostgresServer(Server):
    """PostgreSQL with one superuser, `portal`, and a password that nobody else knows."""

    name = "PostgreSQL"
    ending = signal.SIGINT  # "fast": connections are cut, data is written

    def __init__(self) -> None:
        super().__init__()
        self.password = secrets.token_urlsafe(16)
        if os.geteuid() == 0:
            # It refuses to run as root; Debian's package brings a user for it.
            postgres = pwd.getpwnam("postgres")
            self.user, self.group = postgres.pw_uid, postgres.pw_gid

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases."""
        return f"postgresql://portal:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Create a database and return its URL."""
        self._client("createdb", name)
        return self.url(name)

    def _prepare(self) -> None:
        if self.user is not None and self.group is not None:
            os.chown(self.folder, self.user, self.group)
        passwords = self.folder / "password"
        passwords.write_text(self.password, encoding="ascii")
        passwords.chmod(0o644)  # readable for the server's user; the folder keeps others out
        command = [_program("initdb"), "--pgdata", str(self.folder / "data"), "--no-sync"]
        command += ["--username", "portal", "--auth", "scram-sha-256", "--pwfile", str(passwords)]
        subprocess.run(
            [*command, "--encoding", "UTF8", "--locale", "C.UTF-8"],
            cwd=self.folder,
            check=True,
            capture_output=True,
            user=self.user,
            group=self.group,
            extra_groups=None if self.user is None else [],
        )

    def _command(self) -> list[str]:
        options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            # The tests kill processes, never the machine: the page cache survives that.
            "fsync": "off",
        }
        flags = [flag for name, value in options.items() for flag in ("-c", f"{name}={value}")]
        return [_program("postgres"), "-D", str(self.folder / "data"), *flags]

    def _answers(self) -> bool:
        # pg_isready says 0 once connections are accepted, and needs no password for it.
        command = [_program("pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(command, check=False).returncode == 0

    def _client(self, program: str, *arguments: str) -> None:
        command = [_program(program), "-h", "127.0.0.1", "-p", str(self.port), "-U", "portal"]
        environment = {**os.environ, "PGPASSWORD": self.password}
        subprocess.run([*command, *arguments], env=environment, check=True, capture_output=True)


class RedisServer(Server):
    """Redis in memory alone: what it held is gone when it stops."""

    name = "Redis"

    @property
    def url(self) -> str:
        """Its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def ask(self, *words: str) -> str:
        """Send one command and return the first line of the answer."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(" ".join(words).encode() + b"\r\n")
            return connection.makefile("rb").readline().decode().strip()

    def _command(self) -> list[str]:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("redis-server is not installed; run `make live-services`.")
        options = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.folder)}
        flags = [flag for name, value in options.items() for flag in (f"--{name}", value)]
        return [program, *flags, "--save", "", "--appendonly", "no"]

    def _answers(self) -> bool:
        try:
            return self.ask("PING") == "+PONG"
        except OSError:
            return False


def free_port() -> int:
    """Return a port of loopback that nothing uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def postgres_program(name: str) -> Path | None:
    """Return a program of the newest PostgreSQL here: Debian keeps servers out of the PATH."""
    versions = Path("/usr/lib/postgresql").glob(f"*/bin/{name}")
    newest = max(versions, key=lambda path: int(path.parts[4]), default=None)
    if newest is not None:
        return newest
    found = shutil.which(name)
    return Path(found) if found else None


def _program(name: str) -> str:
    path = postgres_program(name)
    if path is None:
        raise RuntimeError(f"{name} is not installed; run `make live-services`.")
    return str(path)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
