"""Names of processes: alive, ended, zombies, and those of other machines and boots."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.owners import Owner, boot_id, is_gone, myself, start_of


@pytest.fixture
def child() -> Iterator["subprocess.Popen[bytes]"]:
    """Return a process that waits until it is killed."""
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield process
    process.kill()
    process.communicate()


def _owner(pid: int) -> Owner:
    return Owner(node="testnode", boot=boot_id(), pid=pid, started=start_of(pid))


def test_this_process_is_alive_and_survives_the_way_through_text() -> None:
    assert myself().is_here
    assert myself().is_alive
    assert Owner.parse(str(myself())) == myself()
    assert not is_gone(str(myself()))


def test_the_start_is_the_one_that_the_kernel_says(child: "subprocess.Popen[bytes]") -> None:
    """Checked against ps, which reads elapsed seconds."""
    ticks = int(start_of(child.pid)) / os.sysconf("SC_CLK_TCK")
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    assert 0 <= uptime - ticks < 5


def test_a_killed_process_is_gone_even_as_a_zombie(child: "subprocess.Popen[bytes]") -> None:
    owner = _owner(child.pid)
    assert owner.is_alive
    child.send_signal(signal.SIGKILL)
    until = time.monotonic() + 5
    while owner.is_alive and time.monotonic() < until:
        time.sleep(0.01)
    assert ") Z" in Path(f"/proc/{child.pid}/stat").read_text(), "nobody has collected it yet"
    assert is_gone(str(owner))
    child.wait()
    assert is_gone(str(owner))


def test_a_stranger_with_the_same_pid_is_not_the_owner(child: "subprocess.Popen[bytes]") -> None:
    owner = _owner(child.pid)
    earlier = Owner(owner.node, owner.boot, owner.pid, str(int(owner.started) - 1))
    assert not earlier.is_alive
    assert is_gone(str(earlier))


def test_a_process_of_an_earlier_boot_is_gone(child: "subprocess.Popen[bytes]") -> None:
    owner = _owner(child.pid)
    assert is_gone(str(Owner(owner.node, "00000000", owner.pid, owner.started)))


def test_of_another_machine_nothing_is_known() -> None:
    assert not is_gone("elsewhere/00000000/1/1")


def test_a_node_may_be_called_anything() -> None:
    owner = Owner(node="rack/7 ü", boot="abc", pid=5, started="6")
    assert Owner.parse(str(owner)) == owner


@pytest.mark.parametrize("text", ["", "nobody", "a/b/c/d", "a/b/²/1", "a/b/-1/1"])
def test_other_texts_are_no_owners(text: str) -> None:
    assert Owner.parse(text) is None
    assert not is_gone(text)


def test_a_command_name_with_blanks_and_parentheses_is_read(tmp_path: Path) -> None:
    odd = tmp_path / "a) S 1 (b"
    odd.symlink_to(sys.executable)
    with subprocess.Popen([odd, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert start_of(process.pid).isdecimal()
        process.communicate(b"\n")


def test_a_pid_that_does_not_exist_has_no_start() -> None:
    assert start_of(2**22 + 1) == ""
