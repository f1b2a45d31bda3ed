"""A small MLflow on the socket where the portal looks for it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from registry import server
from tests.registry.mlflow import FakeMlflow, reply, running


class _Place:
    """Where the stand-in of the running test answers; 503 between tests."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.now: FakeMlflow | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self.now is not None:
            await self.now(scope, receive, send)
        else:
            await reply(send, 503, {"message": "No test has a server now."})


@pytest.fixture(scope="session")
def mlflow_place() -> Iterator[_Place]:
    """Listen once for all tests: to begin and to end takes uvicorn a while."""
    place = _Place(server.socket())
    with running(place, place.socket):
        yield place


@pytest.fixture
def mlflow(mlflow_place: _Place, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeMlflow]:
    """Return a running stand-in of MLflow that knows nothing yet."""
    monkeypatch.setattr(server, "socket", lambda: mlflow_place.socket)
    mlflow_place.now = FakeMlflow()
    yield mlflow_place.now
    mlflow_place.now = None
