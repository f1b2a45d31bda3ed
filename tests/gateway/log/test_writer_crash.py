"""A writer killed at any moment: what it acknowledged is in the log exactly once."""

import asyncio
import os
import random
import select
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from gateway.log.failpoints import POINTS
from gateway.log.reader import Position
from gateway.log.slots import slots
from gateway.log.writer import LogWriter
from tests.gateway.log.crash_child import ID_SIZE, append_until
from tests.gateway.log.support import Everything, read_all, read_slot

REPOSITORY = Path(__file__).parents[3]


def keys(data: bytes) -> list[bytes]:
    """The ids that a child told of, one after the other."""
    assert len(data) % ID_SIZE == 0
    return [data[at : at + ID_SIZE] for at in range(0, len(data), ID_SIZE)]


def ids_in(everything: Everything) -> Counter[bytes]:
    """How often each id is in the log."""
    return Counter(payload[:ID_SIZE] for payload in everything.payloads)


def test_kills_at_random_moments_lose_and_double_nothing(
    tmp_path: Path, rng: random.Random
) -> None:
    root = tmp_path / "log"
    acknowledged: list[bytes] = []
    followed, place = Everything(), Position(0)
    for turn in range(20):
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                asyncio.run(append_until(root, ledger=write_end, count=10**9))
            finally:
                os._exit(1)
        os.close(write_end)
        if turn % 2:  # else the kill may come before the first record
            select.select([read_end], [], [], 10)
        moment = time.monotonic() + rng.uniform(0.002, 0.08)
        while time.monotonic() < moment:
            place = read_slot(root, place, into=followed)
        os.kill(child, signal.SIGKILL)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
        with os.fdopen(read_end, "rb") as ledger:
            acknowledged += keys(ledger.read())
    assert len(acknowledged) >= 10
    for slot in slots(root):
        read_slot(root, place if slot == 0 else Position(slot), into=followed)
    for found in (read_all(root), followed):
        counts = ids_in(found)
        assert [key for key in acknowledged if counts[key] != 1] == []
        assert set(counts.values()) == {1}
        assert not found.damages


def turns() -> list[str]:
    """Each failpoint at its first turn and later, when segments and records are there already."""
    return [f"{point}:{turn}" for point in POINTS for turn in (1, 9)]


@pytest.mark.parametrize("failpoint", turns())
def test_a_kill_at_each_failpoint_loses_and_doubles_nothing(tmp_path: Path, failpoint: str) -> None:
    root = tmp_path / "log"
    crashed = subprocess.run(
        [sys.executable, "-m", "tests.gateway.log.crash_child", str(root), "400"],
        cwd=REPOSITORY,
        env={**os.environ, "PORTAL_FAILPOINT": failpoint},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert crashed.returncode == -signal.SIGKILL, crashed.stderr.decode()
    with LogWriter(root) as writer:
        assert writer.slot == 0
        writer.append_sync(b"after the restart")
    found = read_all(root)
    assert found.payloads.pop() == b"after the restart"
    counts = ids_in(found)
    acknowledged = keys(crashed.stdout)
    # Eight clients begin, so by the ninth batch or segment one of them was answered.
    assert bool(acknowledged) == failpoint.endswith(":9")
    assert {key: counts[key] for key in acknowledged} == dict.fromkeys(acknowledged, 1)
    assert set(counts.values()) <= {1}
    assert not found.damages
