"""What people and programs did in MLflow, in the audit."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from core.models import AuditEntry
from registry import proxy as module
from registry.proxy import MlflowProxy
from tests.asgi import request
from tests.registry.mlflow import FakeMlflow, reply

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = "/mlflow/api/2.0/mlflow/runs/create"
ALIAS = "/mlflow/api/2.0/mlflow/registered-models/alias"


async def test_an_act_that_mlflow_did_is_in_the_audit(
    proxy: MlflowProxy, bearer: Any, olga: User
) -> None:
    headers = await sync_to_async(bearer)(olga, "register")
    body = b'{"name": "wine", "alias": "champion", "version": "3"}'
    assert (await request(proxy, "POST", ALIAS, headers=headers, body=body)).status == 200
    entry = await AuditEntry.objects.select_related("actor").aget(door="mlflow")
    assert (entry.actor, entry.who, entry.address) == (olga, "olga", "192.0.2.9")
    assert (entry.action, entry.object) == ("set an alias of", "model:wine")
    assert entry.token.endswith(" ci")
    assert entry.after["alias"] == "champion"


async def test_a_persons_act_by_session_names_no_token(proxy: MlflowProxy, as_olga: Client) -> None:
    cookie = f"portal_session={as_olga.cookies['portal_session'].value}"
    headers = {"cookie": cookie, "sec-fetch-site": "same-origin"}
    path = "/mlflow/ajax-api/2.0/mlflow/registered-models/delete"
    assert (await request(proxy, "DELETE", path, headers=headers, body=b"{}")).status == 200
    entry = await AuditEntry.objects.aget(door="mlflow")
    assert (entry.who, entry.token, entry.action) == ("olga", "", "deleted")


async def test_what_mlflow_refused_and_what_is_data_is_not_in_the_audit(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User
) -> None:
    headers = await sync_to_async(bearer)(olga, "register")
    await request(proxy, "POST", CREATE, headers=headers, body=b"{}")

    async def refuse(seen: Any, receive: Any, send: Any) -> None:
        await reply(send, 400, {"error_code": "INVALID_PARAMETER_VALUE"})

    mlflow.answer = refuse
    assert (await request(proxy, "POST", ALIAS, headers=headers, body=b"{}")).status == 400
    assert not await AuditEntry.objects.filter(door="mlflow").aexists()


async def test_an_audit_that_cannot_be_written_is_told_and_the_answer_stands(
    proxy: MlflowProxy,
    bearer: Any,
    olga: User,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def away(*args: Any, **options: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(module.services, "write_down", away)
    headers = await sync_to_async(bearer)(olga, "register")
    answer = await request(proxy, "POST", ALIAS, headers=headers, body=b'{"name": "wine"}')
    assert answer.status == 200
    assert "set an alias of model:wine, and the audit misses it" in caplog.text
