"""Model servers as process groups: real processes, started, found, ended to the last."""

import json
import os
import stat
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from django.conf import LazySettings

from core.folders import socket_folder
from deployments.models import ModelServer
from deployments.runtimes import ProcessRuntime, process
from deployments.runtimes.protocol import Progress
from tests.waiting import runs, wait_for

STAND_IN = Path(__file__).with_name("stand_in.py")

Start = Callable[..., ModelServer]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Let the runtime find its own folder and the stand-in; end whatever is left of it."""
    settings.DATA = tmp_path
    monkeypatch.setattr(process, "PROGRAM", STAND_IN)
    yield tmp_path
    for found in _processes():
        found.kill()


@pytest.fixture
def runtime() -> Iterator[ProcessRuntime]:
    """Return the runtime; its children are ended and collected with the test."""
    found = ProcessRuntime()
    yield found
    for child in found._children.values():
        child.kill()
        child.wait()


@pytest.fixture
def start(runtime: ProcessRuntime) -> Start:
    """Return `start(how, pk)`: a server that runs and has reported."""

    def begin(how: str = "plain", pk: int = 7) -> ModelServer:
        server = ModelServer(pk=pk, model_path=f"/{how}", python=os.sys.executable)  # type: ignore[attr-defined]
        server.owner = runtime.start(server)
        wait_for(lambda: runtime.progress(server))
        return server

    return begin


def _processes() -> list[psutil.Process]:
    """Return every process whose session the stand-in began."""
    leaders = {found.pid for found, _ in process._model_servers()}
    found = []
    for one in psutil.process_iter():
        try:
            if os.getsid(one.pid) in leaders and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
        except (ProcessLookupError, psutil.Error):
            continue
    return found


def test_a_started_server_is_alive_found_and_reports(runtime: ProcessRuntime, start: Start) -> None:
    server = start()
    assert runtime.is_alive(server)
    assert runtime.find(server) == server.owner
    assert runtime.progress(server) == [Progress("ready", "Here.")], "half a line is none"
    assert runtime.socket(server).is_socket()
    assert stat.S_IMODE(socket_folder().stat().st_mode) == 0o700
    wait_for(lambda: runtime.log_file(server).read_text() == "output of the model\n")


def test_another_agent_finds_it_and_ends_it(runtime: ProcessRuntime, start: Start) -> None:
    """The agent that started it is gone; the row and the process are what is left."""
    server = start()
    other = ProcessRuntime()
    assert other.find(server) == server.owner
    assert other.find(ModelServer(pk=8)) == ""
    other.kill(server)
    wait_for(lambda: not other.is_alive(server))


def test_asked_to_stop_it_ends_and_leaves_no_zombie(runtime: ProcessRuntime, start: Start) -> None:
    server = start()
    pid = int(server.owner.split("/")[2])
    runtime.ask_to_stop(server)
    wait_for(lambda: not runtime.is_alive(server))
    assert not runtime.remains(server)
    wait_for(lambda: not psutil.pid_exists(pid))
    runtime.clean_up(server)
    assert not runtime.socket(server).exists()
    assert not (socket_folder().parent / "servers" / "7").exists()
    runtime.ask_to_stop(server)  # is no error
    assert runtime.find(server) == ""


def test_one_that_does_not_want_to_is_killed(runtime: ProcessRuntime, start: Start) -> None:
    server = start("ignores")
    runtime.ask_to_stop(server)
    time.sleep(0.1)
    assert runtime.is_alive(server)
    runtime.kill(server)
    wait_for(lambda: not runtime.remains(server))


def test_children_and_grandchildren_end_with_it(runtime: ProcessRuntime, start: Start) -> None:
    server = start("forks")
    wait_for(lambda: len(_processes()) == 3)
    everybody = _processes()
    runtime.kill(server)
    wait_for(lambda: not runtime.remains(server))
    wait_for(lambda: not [one for one in everybody if runs(one)])


def test_what_a_dead_leader_leaves_is_seen_and_ended(runtime: ProcessRuntime, start: Start) -> None:
    server = start("forks")
    wait_for(lambda: len(_processes()) == 3)
    everybody = _processes()
    psutil.Process(int(server.owner.split("/")[2])).kill()
    wait_for(lambda: not runtime.is_alive(server))
    assert runtime.remains(server)
    runtime.kill(server)
    wait_for(lambda: not runtime.remains(server))
    wait_for(lambda: not [one for one in everybody if runs(one)])


def test_a_row_that_names_a_stranger_touches_nobody(runtime: ProcessRuntime, start: Start) -> None:
    """After a restart of the machine the pid in the row may be anybody's."""
    server = start()
    node, boot, pid, began = server.owner.rsplit("/", 3)
    others = (f"{node}/{boot}/{pid}/1", f"{node}/0/{pid}/{began}", f"x/{boot}/{pid}/{began}", "")
    for owner in others:
        stranger = ModelServer(pk=7, owner=owner)
        assert not runtime.is_alive(stranger), owner
        assert not runtime.remains(stranger), owner
        runtime.ask_to_stop(stranger) if not owner.startswith("x/") else None
        runtime.kill(stranger)
    assert runtime.is_alive(server)


def test_servers_nobody_knows_are_ended_with_their_children(
    runtime: ProcessRuntime, start: Start
) -> None:
    known, stranger = start("plain", 1), start("forks", 2)
    wait_for(lambda: len(_processes()) == 4)
    assert runtime.kill_strangers({known.pk}) >= 1
    wait_for(lambda: not runtime.remains(stranger))
    assert runtime.is_alive(known)
    assert not runtime.is_alive(stranger)


def test_a_child_of_a_stranger_whose_leader_is_gone_is_ended_too(
    runtime: ProcessRuntime, start: Start
) -> None:
    stranger = start("forks")
    wait_for(lambda: len(_processes()) == 3)
    everybody = _processes()
    psutil.Process(int(stranger.owner.split("/")[2])).kill()
    wait_for(lambda: not runtime.is_alive(stranger))
    assert runtime.kill_strangers(set()) == 1
    wait_for(lambda: not [one for one in everybody if runs(one)])


def test_at_the_end_of_everything_the_willing_end_at_once_and_the_others_are_killed(
    runtime: ProcessRuntime, start: Start
) -> None:
    willing = start("plain", 1)
    began = time.monotonic()
    assert runtime.end_all(patience=30) == 0
    assert time.monotonic() - began < 15, "nothing was in flight"
    stubborn = start("ignores", 2)
    time.sleep(0.1)
    assert runtime.end_all(patience=0.3) == 1
    for server in (willing, stubborn):
        wait_for(lambda server=server: not runtime.remains(server))


def test_a_server_is_told_how_long_a_prediction_may_take(
    runtime: ProcessRuntime, start: Start, settings: LazySettings
) -> None:
    settings.PREDICT_TIMEOUT = timedelta(seconds=95)
    server = start()
    (arguments,) = [process.cmdline() for process in _processes()]
    assert arguments[arguments.index("--drain") + 1] == "95.0"
    runtime.kill(server)


def test_servers_of_another_data_folder_are_none_of_ours(
    runtime: ProcessRuntime, start: Start, settings: LazySettings, tmp_path: Path
) -> None:
    server = start()
    settings.DATA = tmp_path / "other"
    assert runtime.kill_strangers(set()) == 0
    settings.DATA = tmp_path
    assert runtime.is_alive(server)


def test_a_model_finds_nothing_of_the_portal_in_its_environment(
    runtime: ProcessRuntime, start: Start, monkeypatch: pytest.MonkeyPatch, data: Path
) -> None:
    for name in ("SECRET_KEY", "DATABASE_URL", "PORTAL_X", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "canary")
    start()
    reported = (data / "servers" / "7" / "progress.jsonl").read_text().splitlines()[0]
    environment = json.loads(reported)["environment"]
    assert "canary" not in environment.values()
    assert environment["HOME"] == str(data / "servers" / "7")


def test_an_interpreter_that_is_gone_is_an_os_error(runtime: ProcessRuntime) -> None:
    with pytest.raises(OSError, match="/gone/python"):
        runtime.start(ModelServer(pk=9, model_path="/m", python="/gone/python"))
