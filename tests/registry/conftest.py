"""The proxy before the stand-in of MLflow, and the credentials that it is asked with."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from accounts.access import AccessTable
from accounts.models import User
from registry import proxy as module
from registry.proxy import MlflowProxy
from tests import people
from tests.registry.mlflow import FakeMlflow, reply


@pytest.fixture
def access() -> AccessTable:
    return AccessTable()


@pytest_asyncio.fixture
async def proxy(
    mlflow: FakeMlflow, access: AccessTable, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[MlflowProxy]:
    """Return the proxy before the stand-in, which answers what it was asked."""

    async def echo(seen: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            seen.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        await reply(send, 200, {"path": seen.raw_path, "query": seen.query})

    mlflow.answer = echo
    monkeypatch.setattr(module.services, "nudge", lambda: None)
    application = MlflowProxy(access)
    yield application
    await application.close()


@pytest.fixture
def bearer(access: AccessTable) -> Any:
    """Return `bearer(person, *scopes)`: headers with a token that the table knows."""

    def headers(person: User, *scopes: str) -> dict[str, str]:
        secret = people.token_of(person, *scopes)
        access.refresh()
        return {"authorization": f"Bearer {secret}"}

    return headers
