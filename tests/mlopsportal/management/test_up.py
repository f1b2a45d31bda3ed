"""`manage.py up`: what keeps the portal from starting is one sentence and exit code 1."""

import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from mlopsportal.env import Env
from mlopsportal.management.commands import setup, up
from mlopsportal.management.commands.up import preflight

pytestmark = pytest.mark.django_db


def test_a_portal_that_is_set_up_may_start(settings: LazySettings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.HOST, settings.PORT = free.getsockname()
    held = preflight(["web", "worker", "mlflow"])
    assert held is not None
    held.close()


def test_a_data_folder_in_use_is_told_with_the_process_that_uses_it() -> None:
    with preflight(["mlflow"]) as held:  # type: ignore[union-attr]
        assert held.readable()
        with pytest.raises(CommandError, match=rf"runs already \(process {os.getpid()}\)"):
            preflight(["mlflow"])
    preflight(["mlflow"]).close()  # type: ignore[union-attr]


def test_a_full_disk_is_named_before_anything_is_written_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(CommandError, match=r"No space left on device\)\. Free some space"):
        preflight(["worker"])


def test_a_database_of_a_newer_release_is_left_alone() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_applied("core", "0099_from_the_future")
    try:
        with pytest.raises(CommandError, match=r"newer release.*core\.0099_from_the_future"):
            preflight(["worker"])
    finally:
        recorder.record_unapplied("core", "0099_from_the_future")


def test_an_unknown_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "env", Env({"PORTAL_PROT": "1"}))
    with pytest.raises(CommandError, match="PORTAL_PROT is not a setting of the portal"):
        preflight(["worker"])


def test_a_port_in_use_is_named_with_what_to_do(settings: LazySettings) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings.HOST, settings.PORT = taken.getsockname()
        with pytest.raises(CommandError) as caught:
            preflight(["web"])
        assert str(caught.value) == (
            f"Port {settings.PORT} of 127.0.0.1 is in use; stop what uses it, or set PORTAL_PORT."
        )
        preflight(["worker"])  # the port is web's alone


def test_an_address_of_another_machine_is_named(settings: LazySettings) -> None:
    settings.HOST = "203.0.113.7"
    with pytest.raises(CommandError, match=r"of 203\.0\.113\.7 is not to be had"):
        preflight(["web"])


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path, settings: LazySettings) -> None:
    """A file in the way stops root as well, who may write anywhere."""
    (tmp_path / "file").touch()
    settings.DATA = tmp_path / "file"
    with pytest.raises(CommandError, match=r"The data folder .*/file cannot be written"):
        preflight(["worker"])
    settings.DATA = tmp_path / "file" / "below"
    with pytest.raises(CommandError, match=r"cannot be written \(Not a directory\)"):
        preflight(["worker"])


def test_a_database_of_another_release_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup.MigrationExecutor, "migration_plan", lambda *_: [("core", False)])
    with pytest.raises(CommandError, match="run `manage.py setup` first"):
        preflight(["worker"])


def test_a_database_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise OperationalError("connection refused\n\tIs the server running?")

    monkeypatch.setattr(setup, "MigrationExecutor", away)
    with pytest.raises(CommandError) as caught:
        preflight(["worker"])
    assert str(caught.value) == (
        "The database of DATABASE_URL cannot be used: connection refused Is the server running?"
    )


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"PORTAL_PORT": "http"}, "PORTAL_PORT is 'http'; it must be a whole number"),
        ({"PORTAL_DTAA": "x"}, "PORTAL_DTAA is not a setting of the portal. Did you mean"),
    ],
)
def test_a_start_that_fails_prints_one_sentence_and_exits_with_1(
    tmp_path: Path, wrong: dict[str, str], sentence: str
) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "up"],
        cwd=up.settings.BASE_DIR,
        env={
            "PATH": os.environ["PATH"],
            "PORTAL_ENV_FILE": "",
            "PORTAL_DATA": str(tmp_path),
            **wrong,
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
