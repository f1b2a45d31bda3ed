"""Keeping the processes of one machine: real ones, ended in every way."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from django.conf import settings

from mlopsportal.processes import ROLES, Keeper, Program, programs
from tests.waiting import PATIENCE, runs, wait_for

pytestmark = pytest.mark.live

WAITS = "import time; time.sleep(60)"
ENDS = "import sys, time; open(sys.argv[1] + '.starts', 'a').write(f'{time.monotonic()}\\n')"

Keep = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def mark(tmp_path: Path) -> str:
    """Return an argument that no other process carries; also the stem of a file."""
    return str(tmp_path / uuid.uuid4().hex)


@pytest.fixture
def keep(mark: str) -> Iterator[Keep]:
    """Return `keep(*descriptions)`: starts a keeper of them; all ends with the test."""
    started = []

    def start(*described: str) -> "subprocess.Popen[str]":
        keeper = subprocess.Popen(
            [sys.executable, "-m", "tests.mlopsportal.keeper_child", mark, *described],
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        )
        started.append(keeper)
        return keeper

    yield start
    for keeper in started:
        keeper.kill()
        keeper.communicate()
    for process in _programs(mark):
        process.kill()


def _programs(mark: str) -> list[psutil.Process]:
    """Return the programs of the test, without the keeper and its wrappers."""
    found = []
    for process in psutil.process_iter():
        try:
            arguments = process.cmdline()
        except psutil.Error:
            continue
        if arguments[-1:] == [mark] and "-c" in arguments:
            found.append(process)
    return found


def test_what_ends_by_itself_is_started_again_later_each_time(keep: Keep, mark: str) -> None:
    keeper = keep(f"ends={ENDS}", f"waits={WAITS}")
    starts = Path(f"{mark}.starts")
    wait_for(lambda: starts.exists() and len(starts.read_text().splitlines()) >= 3)
    first, second, third = (float(line) for line in starts.read_text().splitlines()[:3])
    assert second - first >= 0.5
    assert third - second >= 1.0
    assert keeper.poll() is None, "one that ends does not end the others"
    assert len(_programs(mark)) >= 1
    keeper.send_signal(signal.SIGTERM)
    output, _ = keeper.communicate(timeout=PATIENCE)
    assert "starting ends again" in output
    wait_for(lambda: not _programs(mark))


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_being_told_to_stop_ends_everything(keep: Keep, mark: str, told: signal.Signals) -> None:
    keeper = keep(f"one={WAITS}", f"two={WAITS}")
    wait_for(lambda: len(_programs(mark)) == 2)
    keeper.send_signal(told)
    keeper.communicate(timeout=PATIENCE)
    assert keeper.returncode == 128 + told
    assert _programs(mark) == []


def test_being_told_to_stop_while_still_starting_ends_everything(keep: Keep, mark: str) -> None:
    keeper = keep(*(f"p{number}={WAITS}" for number in range(5)))
    assert keeper.stdout is not None
    assert "started" in keeper.stdout.readline()
    keeper.send_signal(signal.SIGTERM)
    output, _ = keeper.communicate(timeout=PATIENCE)
    assert "Traceback" not in output
    assert keeper.returncode == 128 + signal.SIGTERM
    assert _programs(mark) == []


def test_what_does_not_want_to_end_is_killed(keep: Keep, mark: str) -> None:
    ignores = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1); {WAITS}"
    keeper = keep(f"one={ignores}")
    assert keeper.stdout is not None
    while "one" not in keeper.stdout.readline().partition("|")[0]:
        pass
    keeper.send_signal(signal.SIGTERM)
    keeper.communicate(timeout=PATIENCE)
    assert _programs(mark) == []


def test_what_is_killed_comes_back_the_program_and_its_wrapper_too(keep: Keep, mark: str) -> None:
    keep(f"one={WAITS}")
    wait_for(lambda: _programs(mark))
    (first,) = _programs(mark)
    first.kill()
    wait_for(lambda: [p for p in _programs(mark) if p.pid != first.pid])
    (second,) = _programs(mark)
    wrapper = second.parent()
    assert wrapper is not None
    wrapper.kill()
    wait_for(lambda: not psutil.pid_exists(second.pid) or second.status() == psutil.STATUS_ZOMBIE)
    wait_for(lambda: [p for p in _programs(mark) if p.pid != second.pid])


def test_a_killed_keeper_leaves_no_process(keep: Keep, mark: str) -> None:
    keeper = keep(f"one={WAITS}", f"two={WAITS}")
    wait_for(lambda: len(_programs(mark)) == 2)
    below = psutil.Process(keeper.pid).children(recursive=True)
    assert len(below) >= 4, "two wrappers and two programs"
    keeper.kill()
    wait_for(lambda: not [process for process in below if runs(process)])


def test_what_runs_once_is_not_started_again_and_ends_the_keeper_alone(
    keep: Keep, mark: str
) -> None:
    keeper = keep(f"once={ENDS}")
    output, _ = keeper.communicate(timeout=PATIENCE)
    assert Path(f"{mark}.starts").read_text().count("\n") == 1
    assert "again" not in output


@pytest.mark.parametrize(
    ("roles", "names"),
    [
        (["web"], ["web"]),
        (["worker"], ["worker1", "worker2", "clock", "agent"]),
        (["mlflow"], ["mlflow"]),
        (list(ROLES), ["web", "worker1", "worker2", "clock", "agent", "mlflow"]),
    ],
)
def test_each_role_is_its_processes(roles: list[str], names: list[str]) -> None:
    found = programs(roles)
    assert [program.name for program in found] == names
    assert all(program.arguments[0] == sys.executable for program in found)


@pytest.mark.parametrize(
    ("code", "pauses"), [(-signal.SIGKILL, [0.5] * 6), (1, [0.5, 1.0, 2.0, 4.0, 8.0, 15.0])]
)
def test_what_was_killed_comes_back_at_once_and_what_fails_later_each_time(
    code: int, pauses: list[float]
) -> None:
    """However often something is killed, the portal is at work again when the killing ends."""
    keeper = Keeper([Program("one", ["never started"])])
    entry, state = keeper._kept["one"], keeper._processes["one"]
    found = []
    for _ in pauses:
        entry.started, entry.due = time.monotonic(), None
        state["returncode"] = code
        keeper._look_after("one", entry)
        assert entry.due is not None
        found.append(entry.due - entry.started)
    assert found == pytest.approx(pauses, abs=0.2)
