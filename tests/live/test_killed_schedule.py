"""kill -9 of workers and clock at random moments: the schedule is at work as soon as it ends."""

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from uuid import UUID

import psutil
import pytest

from tests.e2e.portal import RunningPortal
from tests.live.conftest import PortalMaker

pytestmark = pytest.mark.live

ROUNDS = int(os.environ.get("TEST_PORTAL_KILLS", "20"))
PATIENCE = 20.0
ENQUEUE = "from core import jobs; print(jobs.enqueue('core.cleanup').pk)"


@pytest.fixture
def portal(a_portal: PortalMaker) -> Iterator[RunningPortal]:
    """A portal whose registry is read so seldom that only a fresh start can explain a reading."""
    running = a_portal(PORTAL_REGISTRY_INTERVAL="1h")
    running.wait_for(lambda: _last_read(running) != "", seconds=60)
    yield running


def _ask(portal: RunningPortal, query: str, *values: str) -> str:
    with closing(sqlite3.connect(portal.data / "portal.sqlite3", timeout=30)) as connection:
        found = connection.execute(query, values).fetchone()
    return str(found[0] or "") if found else ""


def _last_read(portal: RunningPortal) -> str:
    return _ask(portal, "SELECT last_read FROM registry_registrystate")


def _runs_a_job(portal: RunningPortal) -> None:
    """Enqueue a job as pages do, and wait until a worker has done it."""
    key = UUID(portal.manage("shell", "-c", ENQUEUE).stdout.split()[-1]).hex
    query = "SELECT status FROM core_job WHERE id = ?"
    portal.wait_for(lambda: _ask(portal, query, key) == "succeeded", seconds=PATIENCE)


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):  # one that died before may have taken it along
        process.kill()


def _victims(portal: RunningPortal) -> list[psutil.Process]:
    return [*portal.processes("celery", "worker"), *portal.processes("manage.py clock")]


def test_whatever_is_killed_whenever_jobs_run_and_the_registry_is_read_again(
    portal: RunningPortal,
) -> None:
    seed = int(os.environ.get("TEST_PORTAL_SEED", time.time_ns() % 2**32))
    print(f"seed {seed}, {ROUNDS} kills")  # noqa: T201 (shown when the test fails)
    chance = random.Random(seed)
    for _ in range(ROUNDS):
        time.sleep(chance.uniform(0.1, 2.0))
        alive = _victims(portal)
        if alive:
            _kill(chance.choice(alive))
    for process in portal.processes("manage.py clock"):
        _kill(process)
    before = _last_read(portal)

    portal.wait_for(lambda: _last_read(portal) != before, seconds=PATIENCE)
    _runs_a_job(portal)


def test_every_process_that_waits_for_jobs_may_be_killed_in_turn(portal: RunningPortal) -> None:
    """One that is killed while it waits must not take with it what the others wait for.

    The youngest first: children, if there are any, before the parent that would end them.
    """
    for process in sorted(portal.processes("celery", "worker"), key=lambda p: -p.pid):
        _kill(process)
        _runs_a_job(portal)
