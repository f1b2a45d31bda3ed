"""A gateway of its own for each test, before a model that does what the test says."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from asgiref.sync import sync_to_async
from django.conf import LazySettings

from accounts.access import AccessTable
from deployments.models import Deployment, ModelServer
from deployments.runtimes.process import socket_path
from gateway.log.record import Record, decode
from gateway.serving.app import Gateway
from gateway.shipper import log_root
from tests import people
from tests.asgi import Reply, request
from tests.factories import a_deployment
from tests.gateway.log.support import read_all
from tests.gateway.serving.model import FakeModel, counts_rows

BODY = b'{"dataframe_split": {"columns": ["pH", "alcohol"], "data": [[3.1, 9.5], [3.2, 10]]}}'


class Desk:
    """What a test asks the gateway with, and where it looks afterwards."""

    def __init__(self, gateway: Gateway, model: FakeModel, token: str) -> None:
        self.gateway = gateway
        self.model = model
        self.token = token

    async def ask(
        self,
        path: str = "/models/wine/invocations",
        *,
        method: str = "POST",
        body: bytes = BODY,
        token: str | None = "",
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Reply:
        """Send a request, with Olga's token unless another (or None) is given."""
        given = {"content-type": "application/json"}
        if token is not None:
            given["authorization"] = f"Bearer {token or self.token}"
        return await request(
            self.gateway, method, path, body=body, headers=given | (headers or {}), **options
        )

    @property
    def logged(self) -> list[Record]:
        """What is in the log on disk."""
        return [decode(payload) for payload in read_all(log_root()).payloads]

    async def refresh(self) -> None:
        """Let the gateway see what has changed."""
        await self.gateway.routes.refresh()

    async def stop_refreshing(self) -> None:
        """Let the gateway read no more routes; a reading that has begun is over on return."""
        assert self.gateway._refreshing is not None
        self.gateway._refreshing.cancel()
        # A cancelled task leaves its query to the one thread of asgiref, which this waits for.
        await sync_to_async(lambda: None)()


@pytest_asyncio.fixture
async def model() -> FakeModel:
    """Return the model behind the deployment called wine."""
    return FakeModel(counts_rows)


@pytest_asyncio.fixture
async def wine(db: None) -> Deployment:
    """Return the live deployment."""
    return await sync_to_async(a_deployment)(name="wine", model="Wein", version="7")


@pytest.fixture
def token_for(db: None) -> Callable[..., str]:
    """Return `token_for(name, *scopes)`: a token of Ada, Olga, Vera or Otto."""

    def token(name: str, *scopes: str) -> str:
        return people.token_of(getattr(people, name)(), *scopes)

    return token


@pytest_asyncio.fixture
async def desk(
    wine: Deployment,
    model: FakeModel,
    token_for: Callable[..., str],
    tmp_path: Path,
    settings: LazySettings,
) -> AsyncIterator[Desk]:
    """Return a running gateway with its log in a folder of its own."""
    settings.DATA = tmp_path
    token = await sync_to_async(token_for)("olga", "predict")
    server = await sync_to_async(ModelServer.objects.get)()
    gateway = Gateway(AccessTable())
    async with model.listening(socket_path(server.pk)):
        await gateway.start()
        desk = Desk(gateway, model, token)
        yield desk
        await desk.stop_refreshing()
        await gateway.stop()
