"""Real servers for live tests, here and in `tests/e2e` (which imports what it needs).

Each server has its own folder and port and ends with the test session. What is not installed
skips its tests; `tests.live.strict` makes that a failure in CI.
"""

import itertools
import os
from collections.abc import Callable, Iterator

import pytest

from scripts.live_servers import PostgresServer, RedisServer
from scripts.live_services import missing
from tests.e2e.portal import RunningPortal

PortalMaker = Callable[..., RunningPortal]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """PostgreSQL, one server for the session."""
    _need("postgres")
    with PostgresServer() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The URL of an empty database that this test alone uses."""
    return postgres.create_database(f"test{os.getpid()}_{next(_numbers)}")


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """Redis for this test alone, which may stop, start and empty it."""
    _need("redis-server")
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(redis: RedisServer) -> str:
    """The URL of an empty Redis that this test alone uses."""
    return redis.url


@pytest.fixture
def a_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalMaker]:
    """Return `a_portal(PORTAL_…="…")`: a portal that is set up, started, and ended by itself."""
    portals: list[RunningPortal] = []

    def make(**environment: str) -> RunningPortal:
        portal = RunningPortal(tmp_path_factory.mktemp("p") / "data", **environment)
        portals.append(portal)
        portal.manage("setup")
        return portal.start()

    yield make
    for portal in portals:
        portal.stop()
        left = [" ".join(process.cmdline()) for process in portal.processes()]
        assert left == [], "the portal left processes behind"


def _need(program: str) -> None:
    for part in missing():
        if part.program == program:
            pytest.skip(f"{program} is not installed here; run `make live-services`.")
