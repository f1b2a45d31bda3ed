"""One portal for all tests of the loop: starting one takes ten seconds."""

from collections.abc import Iterator

import pytest

from tests.e2e.portal import RunningPortal


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A running portal with an administrator `ada`."""
    running = RunningPortal(tmp_path_factory.mktemp("e") / "data")
    running.manage("setup")
    running.start()
    try:
        yield running
    finally:
        code = running.stop()
        left = [" ".join(process.cmdline()) for process in running.processes()]
    assert code == 0
    assert left == [], "Ctrl-C left processes behind"


@pytest.fixture(scope="session")
def token(portal: RunningPortal) -> str:
    """A token that may do everything."""
    return portal.token("admin")
