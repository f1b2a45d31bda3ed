"""Every row of the contract's table of status codes, its headers, and the log before the answer."""

import asyncio
import json
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import LazySettings
from django.db import InterfaceError, OperationalError

from accounts.access import AccessTable
from accounts.models import ApiToken
from accounts.services import revoke_token
from deployments.models import Deployment, ModelServer, Release
from deployments.runtimes.process import socket_path
from deployments.services import set_public
from gateway.serving import app
from modelserver.frames import RequestHeader
from tests.asgi import Reply
from tests.factories import a_deployment, a_release, a_server
from tests.gateway.log.support import FailingFiles
from tests.gateway.serving.conftest import BODY, Desk
from tests.gateway.serving.model import ModelAnswer

pytestmark = pytest.mark.django_db(transaction=True)

TokenFor = Callable[..., str]


def _refusal(answer: Reply, status: int, code: str) -> str:
    """Check the form of a refusal and return its message."""
    assert answer.status == status, answer.body
    body = answer.json()
    assert set(body) == {"error_code", "message", "hint"}
    assert body["error_code"] == code
    assert "Traceback" not in answer.body.decode()
    assert answer.header("content-type") == "application/json"
    return str(body["message"])


# ---- success ---------------------------------------------------------------------------------


async def test_an_answer_is_the_models_own_with_who_said_it(desk: Desk) -> None:
    answer = await desk.ask()
    assert (answer.status, answer.json()) == (200, {"predictions": [1, 1]})
    assert answer.header("x-portal-deployment") == "wine"
    assert answer.header("x-portal-model") == "Wein"
    assert answer.header("x-portal-version") == "7"
    assert answer.header("x-portal-warnings") is None
    prediction = uuid.UUID(answer.header("x-portal-prediction"))
    assert prediction.version == 7
    assert answer.header("x-request-id") == str(prediction)
    timing = answer.header("server-timing") or ""
    assert [part.split(";dur=")[0] for part in timing.split(", ")] == ["validate", "model", "log"]
    ((header, body),) = desk.model.seen
    assert (header.op, header.content_type, body) == ("invocations", "application/json", BODY)
    assert header.timeout_ms == 60_000


async def test_what_was_answered_is_in_the_log_as_it_was(desk: Desk) -> None:
    before = datetime.now(tz=UTC)
    answer = await desk.ask(
        headers={"x-request-id": "mine-1", "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01"}
    )
    (record,) = desk.logged
    assert str(record.id) == answer.header("x-portal-prediction")
    assert record.request_id == answer.header("x-request-id") == "mine-1"
    assert (record.deployment, record.model, record.version) == ("wine", "Wein", "7")
    assert (record.status, record.body, record.answer) == (200, BODY, answer.body)
    token = await sync_to_async(ApiToken.objects.get)()
    assert record.caller == f"olga#{token.pk}"
    assert record.model_ms == 3.5
    assert record.total_ms > 0
    assert record.traceparent.startswith("00-aaaa")
    assert not record.backfilled
    moment = datetime.fromtimestamp(record.time / 1e9, tz=UTC)
    assert before <= moment <= datetime.now(tz=UTC)


async def test_the_record_is_on_disk_before_the_answer_begins(desk: Desk) -> None:
    seen: list[int] = []
    await desk.ask(on_start=lambda: seen.append(len(desk.logged)))
    assert seen == [1]


async def test_many_at_once_each_get_their_own_answer_and_record(desk: Desk) -> None:
    def body(rows: int) -> bytes:
        return json.dumps({"dataframe_split": {"columns": ["a"], "data": [[1]] * rows}}).encode()

    answers = await asyncio.gather(*(desk.ask(body=body(rows)) for rows in range(1, 41)))
    assert [len(answer.json()["predictions"]) for answer in answers] == list(range(1, 41))
    ids = {answer.header("x-portal-prediction") for answer in answers}
    assert {str(record.id) for record in desk.logged} == ids
    assert len(ids) == 40


@pytest.mark.parametrize(
    "given", ["", "with blank", "ü", "x" * 201, "line\x7f", "\t"], ids=lambda v: ascii(v)[:12]
)
async def test_a_request_id_that_cannot_be_a_header_is_replaced_by_ours(
    desk: Desk, given: str
) -> None:
    answer = await desk.ask(headers={"x-request-id": given})
    assert answer.header("x-request-id") == answer.header("x-portal-prediction")


async def test_findings_are_named_and_logged(desk: Desk, model: Any) -> None:
    async def warns(header: RequestHeader, body: bytes) -> ModelAnswer:
        return ModelAnswer(warnings=("ignored column Säure", "a\r\nset-cookie: x"))

    model.behave = warns
    answer = await desk.ask()
    assert answer.header("x-portal-warnings") == "ignored column S%C3%A4ure, a%0D%0Aset-cookie: x"
    assert desk.logged[0].findings == ["ignored column Säure", "a\r\nset-cookie: x"]


@pytest.mark.parametrize("name", ["a-b.c d", "Wein für Ä", "日本", "it's (v2) [x]+,=@!"])
async def test_names_of_any_letters_work(desk: Desk, token_for: TokenFor, name: str) -> None:
    def rename() -> None:
        Deployment.objects.update(name=name)
        Release.objects.update(model_name=name)
        desk.gateway.routes._revision = (-1,)

    token = await sync_to_async(token_for)("vera", f"predict:{name}")
    await sync_to_async(rename)()
    await desk.refresh()
    answer = await desk.ask(f"/models/{name}/invocations", token=token)
    assert answer.status == 200, answer.body
    assert (answer.header("x-portal-model") or "").isascii()
    assert desk.logged[0].deployment == name


async def test_probes_of_a_deployment_say_up_and_which_mlflow(desk: Desk) -> None:
    for act in ("ping", "health"):
        answer = await desk.ask(f"/models/wine/{act}", method="GET", body=b"")
        assert (answer.status, answer.body) == (200, b"\n")
    answer = await desk.ask("/models/wine/version", method="GET", body=b"")
    assert (answer.status, answer.body) == (200, b"3.17.0")


# ---- 400, 404, 405, 415, 422: said by the model server or found out before it ----------------


@pytest.mark.parametrize("status", [400, 415, 422, 504])
async def test_the_models_own_refusals_pass_and_are_logged(
    desk: Desk, model: Any, status: int
) -> None:
    refusal = {"error_code": "BAD_REQUEST", "message": "Column pH is missing.", "hint": ""}

    async def refuses(header: RequestHeader, body: bytes) -> ModelAnswer:
        return ModelAnswer(status=status, body=json.dumps(refusal).encode())

    model.behave = refuses
    answer = await desk.ask(body=b"{}")
    assert (answer.status, answer.json()) == (status, refusal)
    assert desk.logged[0].status == status


@pytest.mark.parametrize(
    "path",
    [
        "/models/",
        "/models//invocations",
        "/models/wine",
        "/models/wine/",
        "/models/wine/other",
        "/models/wine/invocations/",
    ],
)
async def test_no_such_path_is_404_without_asking_who(desk: Desk, path: str) -> None:
    _refusal(await desk.ask(path, token=None), 404, "ENDPOINT_NOT_FOUND")


@pytest.mark.parametrize("path", ["/models/beer/invocations", "/models/a%2Fb/invocations"])
async def test_no_such_deployment_is_404_for_those_who_may_know(desk: Desk, path: str) -> None:
    message = _refusal(await desk.ask(path, raw=True), 404, "RESOURCE_DOES_NOT_EXIST")
    assert message.startswith("There is no deployment ")
    _refusal(await desk.ask(path, raw=True, token=None), 401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/models/wine/invocations"),
        ("PUT", "/models/wine/invocations"),
        ("OPTIONS", "/models/wine/invocations"),
        ("POST", "/models/wine/ping"),
        ("DELETE", "/models/wine/version"),
    ],
)
async def test_another_method_is_405(desk: Desk, method: str, path: str) -> None:
    message = _refusal(await desk.ask(path, method=method), 405, "METHOD_NOT_ALLOWED")
    assert method in message


# ---- 401, 403 --------------------------------------------------------------------------------


async def test_no_token_or_a_bad_one_is_401_and_reaches_no_model(desk: Desk) -> None:
    for token in (None, "mlp_unknown"):
        answer = await desk.ask(token=token)
        assert "needs an API token" in _refusal(answer, 401, "UNAUTHENTICATED")
        assert answer.header("www-authenticate") == 'Bearer realm="portal"'
    assert desk.model.seen == []
    assert desk.logged == []


@pytest.mark.parametrize(
    ("name", "scopes", "status"),
    [
        ("vera", ["predict"], 200),
        ("vera", ["predict:wine"], 200),
        ("vera", ["predict:beer"], 403),
        ("vera", ["predict:wine2"], 403),
        ("vera", ["read"], 403),
        ("olga", ["deploy", "monitor", "register"], 403),
        ("ada", ["admin"], 200),
        ("otto", ["predict"], 401),
    ],
)
async def test_a_token_asks_what_its_scopes_allow(
    desk: Desk, token_for: TokenFor, name: str, scopes: list[str], status: int
) -> None:
    token = await sync_to_async(token_for)(name, *scopes)
    await desk.refresh()
    assert (await desk.ask(token=token)).status == status
    assert len(desk.model.seen) == (status == 200)


async def test_a_revoked_token_stops_with_the_next_look(desk: Desk) -> None:
    assert (await desk.ask()).status == 200
    token = await sync_to_async(ApiToken.objects.get)()
    await sync_to_async(revoke_token)(token=token, actor=None)
    await desk.refresh()
    assert (await desk.ask()).status == 401


async def test_a_public_deployment_answers_everybody_whatever_they_carry(
    desk: Desk, token_for: TokenFor
) -> None:
    reader = await sync_to_async(token_for)("vera", "read")
    row = await sync_to_async(Deployment.objects.get)()
    await sync_to_async(set_public)(deployment=row, public=True, actor=None)
    await desk.refresh()
    for token in (None, "mlp_unknown", reader, desk.token):
        assert (await desk.ask(token=token)).status == 200, token
    callers = [record.caller for record in desk.logged]
    assert callers[:2] == ["public", "public"]
    assert callers[2].startswith("vera#")
    await sync_to_async(set_public)(deployment=row, public=False, actor=None)
    await desk.refresh()
    assert (await desk.ask(token=None)).status == 401


# ---- 413, 429, 503, 504 ----------------------------------------------------------------------


async def test_a_body_that_says_it_is_too_large_is_refused_unread(
    desk: Desk, settings: LazySettings
) -> None:
    settings.MAX_BODY = 1024
    order: list[str] = []

    async def body() -> AsyncIterator[bytes]:
        order.append("read")
        yield b""

    answer = await desk.ask(
        headers={"content-length": "1025"},
        chunks=body(),
        body=b"",
        on_start=lambda: order.append("answered"),
    )
    message = _refusal(answer, 413, "REQUEST_ENTITY_TOO_LARGE")
    assert order == ["answered", "read"]
    assert "1025 bytes" in message
    assert "1024" in message
    assert (await desk.ask(body=BODY)).status == 200


async def test_a_body_that_grows_too_large_is_refused_in_the_middle(
    desk: Desk, settings: LazySettings
) -> None:
    settings.MAX_BODY = 1024
    read = 0

    async def grows() -> AsyncIterator[bytes]:
        nonlocal read
        for _ in range(100):
            read += 1
            yield bytes(100)

    _refusal(await desk.ask(chunks=grows(), body=b""), 413, "REQUEST_ENTITY_TOO_LARGE")
    assert read == 11
    assert desk.model.seen == []


async def test_too_many_in_flight_is_429_and_over_when_they_are(
    desk: Desk, model: Any, settings: LazySettings
) -> None:
    settings.MAX_IN_FLIGHT = 3
    go = asyncio.Event()

    async def waits(header: RequestHeader, body: bytes) -> ModelAnswer:
        await go.wait()
        return ModelAnswer()

    model.behave = waits
    first = [asyncio.create_task(desk.ask()) for _ in range(3)]
    while len(model.seen) < 3:
        await asyncio.sleep(0.01)
    answer = await desk.ask()
    _refusal(answer, 429, "RESOURCE_EXHAUSTED")
    assert answer.header("retry-after") == "1"
    go.set()
    assert [reply.status for reply in await asyncio.gather(*first)] == [200] * 3
    assert (await desk.ask()).status == 200


async def test_the_deadline_is_504_and_the_next_request_is_answered(
    desk: Desk, model: Any, settings: LazySettings
) -> None:
    settings.PREDICT_TIMEOUT = timedelta(seconds=0.1)
    plain = model.behave

    async def hangs(header: RequestHeader, body: bytes) -> ModelAnswer:
        await asyncio.sleep(30)
        return ModelAnswer()

    model.behave = hangs
    message = _refusal(await desk.ask(), 504, "DEADLINE_EXCEEDED")
    assert "within 0.1 seconds" in message
    model.behave = plain
    assert (await desk.ask()).status == 200
    assert desk.gateway.routes.in_flight["wine"] == 0


async def test_a_model_server_killed_in_a_request_is_503_and_nothing_is_logged(
    desk: Desk, model: Any
) -> None:
    plain = model.behave

    async def dies(header: RequestHeader, body: bytes) -> None:
        return None

    model.behave = dies
    answer = await desk.ask()
    assert "model server of deployment 'wine' is not up" in _refusal(
        answer, 503, "TEMPORARILY_UNAVAILABLE"
    )
    assert answer.header("retry-after") == "2"
    assert desk.logged == []
    model.behave = plain
    assert (await desk.ask()).status == 200, "a new connection is made"


async def test_a_server_that_is_stopping_is_503(desk: Desk, model: Any) -> None:
    async def stops(header: RequestHeader, body: bytes) -> ModelAnswer:
        return ModelAnswer(status=503, body=b"")

    model.behave = stops
    _refusal(await desk.ask(), 503, "TEMPORARILY_UNAVAILABLE")


async def test_without_a_live_server_predictions_and_probes_are_503(desk: Desk) -> None:
    def restarting() -> None:
        ModelServer.objects.update(status=ModelServer.Status.RESTARTING)
        desk.gateway.routes._revision = (-1,)

    await sync_to_async(restarting)()
    await desk.refresh()
    _refusal(await desk.ask(), 503, "TEMPORARILY_UNAVAILABLE")
    answer = await desk.ask("/models/wine/ping", method="GET", body=b"")
    assert "no model server that is up" in _refusal(answer, 503, "TEMPORARILY_UNAVAILABLE")
    assert answer.header("retry-after")


async def test_when_the_log_cannot_be_written_no_answer_is_given_until_it_can(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.gateway.stop()
    disk = FailingFiles(range(0))
    log = partial(app.LogWriter, files=disk, retry_seconds=0.05)
    monkeypatch.setattr(app, "LogWriter", log)
    desk.gateway = app.Gateway(AccessTable())
    await desk.gateway.start()
    assert (await desk.ask()).status == 200
    disk.fail = range(len(disk.calls) + 1, 10**9)
    answer = await desk.ask()
    message = _refusal(answer, 503, "TEMPORARILY_UNAVAILABLE")
    assert "could not be kept" in message
    assert answer.header("retry-after") == "1"
    assert (await desk.ask("/readyz", method="GET", body=b"")).status == 503
    assert (await desk.ask("/livez", method="GET", body=b"")).status == 200
    disk.fail = range(0)
    until = asyncio.get_running_loop().time() + 5
    while (await desk.ask()).status != 200:
        assert asyncio.get_running_loop().time() < until
        await asyncio.sleep(0.02)
    assert (await desk.ask("/readyz", method="GET", body=b"")).status == 200
    assert {record.status for record in desk.logged} == {200}
    await desk.gateway.stop()


# ---- time of the past ------------------------------------------------------------------------


async def test_a_prediction_of_the_past_keeps_its_own_time(desk: Desk, token_for: TokenFor) -> None:
    token = await sync_to_async(token_for)("olga", "predict", "backfill")
    await desk.refresh()
    answer = await desk.ask(
        token=token, headers={"x-portal-time": "2026-02-03T04:05:06.789012+01:00"}
    )
    assert answer.status == 200
    (record,) = desk.logged
    assert record.backfilled
    expected = datetime(2026, 2, 3, 3, 5, 6, 789012, tzinfo=UTC)
    assert record.time == int(expected.timestamp()) * 10**9 + 789012000
    assert record.id.int >> 80 == int(expected.timestamp() * 1000), "its id sorts with its time"


@pytest.mark.parametrize(
    ("name", "scopes"),
    [("olga", ["predict"]), ("vera", ["predict", "backfill"]), ("vera", ["admin"])],
)
async def test_only_who_may_backfill_sets_the_time(
    desk: Desk, token_for: TokenFor, name: str, scopes: list[str]
) -> None:
    token = await sync_to_async(token_for)(name, *scopes)
    await desk.refresh()
    answer = await desk.ask(token=token, headers={"x-portal-time": "2026-02-03T04:05:06Z"})
    assert "X-Portal-Time" in _refusal(answer, 403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    "given",
    [
        "yesterday",
        "2026-02-03",
        "2026-02-03T04:05:06",
        "1969-12-31T23:59:59Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59Z",
        "1767225600",
    ],
)
async def test_a_time_that_is_none_or_not_past_is_400(
    desk: Desk, token_for: TokenFor, given: str
) -> None:
    token = await sync_to_async(token_for)("ada", "admin")
    await desk.refresh()
    answer = await desk.ask(token=token, headers={"x-portal-time": given})
    assert given in _refusal(answer, 400, "BAD_REQUEST")
    assert desk.logged == []


# ---- clients and processes that go away ------------------------------------------------------


async def test_a_client_that_leaves_in_its_body_gets_nothing_and_leaves_nothing(
    desk: Desk,
) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield BODY[:10]

    answer = await desk.ask(chunks=half(), body=b"", leave_after=0.0)
    assert answer.status == 0
    assert desk.model.seen == []
    assert desk.logged == []
    assert desk.gateway.routes.in_flight["wine"] == 0


async def test_a_fault_of_ours_is_500_without_a_traceback(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.serving.predict.encode", lambda record: 1 / 0)
    _refusal(await desk.ask(), 500, "INTERNAL_ERROR")
    assert "ZeroDivisionError" in caplog.text


# ---- routes ----------------------------------------------------------------------------------


async def test_a_switch_is_seen_with_the_next_look_and_the_old_one_still_answers_what_it_has(
    desk: Desk, model: Any, wine: Deployment
) -> None:
    go = asyncio.Event()

    async def waits(header: RequestHeader, body: bytes) -> ModelAnswer:
        await go.wait()
        return ModelAnswer()

    model.behave = waits
    under_way = asyncio.create_task(desk.ask())
    while not model.seen:
        await asyncio.sleep(0.01)

    def switch() -> ModelServer:
        newer = a_release(deployment=wine, version="8", status=Release.Status.LIVE)
        server = a_server(release=newer, status=ModelServer.Status.LIVE)
        Deployment.objects.update(current=newer)
        desk.gateway.routes._revision = (-1,)
        return server

    server = await sync_to_async(switch)()
    other = type(model)(model.behave)
    async with other.listening(socket_path(server.pk)):
        await desk.refresh()
        go.set()
        assert (await under_way).status == 200
        assert (await desk.ask()).header("x-portal-version") == "8"
        assert len(other.seen) == 1
        await desk.gateway.routes.aclose()


async def test_a_model_server_that_just_came_up_is_asked_at_once(desk: Desk) -> None:
    def become(status: str) -> None:
        ModelServer.objects.update(status=status)
        desk.gateway.routes._revision = (-1,)

    await desk.stop_refreshing()
    await sync_to_async(become)(ModelServer.Status.RESTARTING)
    await desk.refresh()
    await sync_to_async(become)(ModelServer.Status.LIVE)
    assert (await desk.ask()).status == 200


async def test_while_the_database_is_away_the_routes_stay(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (OperationalError, InterfaceError):

        def away(*_: object, error: type[Exception] = error) -> None:
            raise error("the database is away")

        with monkeypatch.context() as patch:
            patch.setattr("core.models.Revision.current", away)
            await desk.refresh()
        assert (await desk.ask()).status == 200
    assert "routes stay as they are" in caplog.text
    assert not desk.gateway._refreshing.done()  # type: ignore[union-attr]


async def test_before_the_routes_are_read_the_portal_is_alive_and_not_ready(
    desk: Desk,
) -> None:
    desk.gateway.routes.is_loaded = False
    for probe in ("/readyz", "/healthz"):
        answer = await desk.ask(probe, method="GET", body=b"", token=None)
        assert (answer.status, answer.json()["status"]) == (503, "not ready")
    assert (await desk.ask("/livez", method="GET", body=b"", token=None)).status == 200


async def test_nothing_of_the_way_of_a_prediction_touches_the_database(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = threading.Event()
    await desk.stop_refreshing()
    monkeypatch.setattr(
        "django.db.backends.utils.CursorWrapper.execute", lambda *_, **__: asked.set()
    )
    assert (await desk.ask()).status == 200
    assert not asked.is_set()


async def test_an_undeployed_name_is_gone_with_the_next_look(desk: Desk) -> None:
    def gone() -> None:
        Deployment.objects.update(wanted=False)
        desk.gateway.routes._revision = (-1,)

    await sync_to_async(gone)()
    await desk.refresh()
    _refusal(await desk.ask(), 404, "RESOURCE_DOES_NOT_EXIST")


async def test_two_deployments_have_limits_of_their_own(
    desk: Desk, model: Any, settings: LazySettings
) -> None:
    settings.MAX_IN_FLIGHT = 1
    await sync_to_async(a_deployment)(name="beer")
    desk.gateway.routes._revision = (-1,)
    await desk.refresh()
    desk.gateway.routes.in_flight["beer"] = 1
    assert (await desk.ask("/models/beer/invocations")).status == 429
    assert (await desk.ask()).status == 200
