"""The guarded way to MLflow: who may, what arrives there, and that nothing is held on the way."""

import asyncio
import base64
import re
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import Client

from accounts.models import User
from registry import proxy as module
from registry.proxy import MlflowProxy
from tests import people
from tests.asgi import Reply, request
from tests.registry.mlflow import FakeMlflow, reply

pytestmark = pytest.mark.django_db(transaction=True)

SEARCH = "/mlflow/api/2.0/mlflow/runs/search"
CREATE = "/mlflow/api/2.0/mlflow/runs/create"
API = "/mlflow/api/2.0/mlflow/registered-models/search"
PAGE = {"accept": "text/html,*/*"}
OURS = {"sec-fetch-site": "same-origin"}
FOREIGN = {"sec-fetch-site": "cross-site"}


def _cookie(client: Client) -> dict[str, str]:
    return {"cookie": f"portal_session={client.cookies['portal_session'].value}"}


# ---- who may ---------------------------------------------------------------------------------


async def test_nobody_is_told_how_to_log_in_and_mlflow_sees_nothing(
    proxy: MlflowProxy, mlflow: FakeMlflow
) -> None:
    answer = await request(proxy, "GET", API)
    assert answer.status == 401
    assert answer.header("www-authenticate") == 'Bearer realm="portal"'
    assert answer.json()["error_code"] == "UNAUTHENTICATED"
    assert "MLFLOW_TRACKING_TOKEN" in answer.json()["message"]
    for method in ("POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"):
        assert (await request(proxy, method, API)).status == 401, method
    assert mlflow.seen == []


async def test_a_browser_is_sent_to_the_login_page_and_back(proxy: MlflowProxy) -> None:
    answer = await request(proxy, "GET", "/mlflow/", headers=PAGE)
    assert answer.status == 302
    assert answer.header("location") == "/login/?next=/mlflow/"
    answer = await request(proxy, "GET", "/mlflow//evil.example", headers=PAGE)
    assert answer.header("location") == "/login/?next=/mlflow//evil.example"


async def test_without_the_slash_the_prefix_would_be_missed(proxy: MlflowProxy) -> None:
    answer = await request(proxy, "GET", "/mlflow")
    assert (answer.status // 100, answer.header("location")) == (3, "/mlflow/")


ROWS = [
    # person, scopes, read, write
    ("vera", ["read"], 200, 403),
    ("vera", ["admin"], 200, 403),
    ("vera", ["register"], 200, 403),
    ("vera", ["predict"], 403, 403),
    ("olga", ["read"], 200, 403),
    ("olga", ["register"], 200, 200),
    ("olga", ["deploy"], 200, 403),
    ("olga", ["predict:wine"], 403, 403),
    ("olga", ["backfill"], 403, 403),
    ("olga", ["admin"], 200, 200),
    ("ada", ["admin"], 200, 200),
    ("otto", ["admin"], 401, 401),
]


@pytest.mark.parametrize(("name", "scopes", "reads", "writes"), ROWS)
async def test_a_token_may_what_role_and_scopes_allow(
    proxy: MlflowProxy,
    mlflow: FakeMlflow,
    bearer: Any,
    name: str,
    scopes: list[str],
    reads: int,
    writes: int,
) -> None:
    person = await sync_to_async(getattr(people, name))()
    headers = await sync_to_async(bearer)(person, *scopes)
    expected = {
        ("GET", API): reads,
        ("POST", SEARCH): reads,
        ("POST", CREATE): writes,
        ("PUT", "/mlflow/api/2.0/mlflow-artifacts/artifacts/1/x"): writes,
        ("PATCH", "/mlflow/api/2.0/mlflow/registered-models/update"): writes,
        ("DELETE", "/mlflow/api/2.0/mlflow/registered-models/delete"): writes,
    }
    found = {
        (method, path): (await request(proxy, method, path, headers=headers)).status
        for method, path in expected
    }
    assert found == expected
    assert len(mlflow.seen) == list(expected.values()).count(200)


async def test_basic_with_the_token_as_password_is_how_mlflows_client_sends_it(
    proxy: MlflowProxy, bearer: Any, olga: User
) -> None:
    token = (await sync_to_async(bearer)(olga, "register"))["authorization"].split()[1]
    for name in ("olga", ""):
        basic = base64.b64encode(f"{name}:{token}".encode()).decode()
        answer = await request(proxy, "POST", CREATE, headers={"authorization": f"Basic {basic}"})
        assert answer.status == 200


async def test_a_bad_token_is_not_made_good_by_a_session(
    proxy: MlflowProxy, as_ada: Client
) -> None:
    headers = {**_cookie(as_ada), "authorization": "Bearer mlp_x"}
    assert (await request(proxy, "GET", API, headers=headers)).status == 401


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (OURS, 200),
        (FOREIGN, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "none"}, 403),
        ({"origin": "http://testserver"}, 200),
        ({"origin": "http://127.0.0.1:8000"}, 200),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://testserver.evil.example"}, 403),
        ({}, 403),
        ({"origin": "http://testserver", **FOREIGN}, 403),
    ],
)
async def test_a_write_with_a_session_must_come_from_our_own_pages(
    proxy: MlflowProxy, as_olga: Client, sent: dict[str, str], status: int
) -> None:
    headers = {**_cookie(as_olga), **sent}
    assert (await request(proxy, "POST", CREATE, headers=headers)).status == status
    assert (await request(proxy, "POST", SEARCH, headers=headers)).status == status
    assert (await request(proxy, "GET", API, headers=headers)).status == 200, "reads are free"


async def test_a_viewers_session_reads_and_writes_nothing(
    proxy: MlflowProxy, as_vera: Client
) -> None:
    headers = {**_cookie(as_vera), **OURS}
    assert (await request(proxy, "GET", API, headers=headers)).status == 200
    assert (await request(proxy, "POST", SEARCH, headers=headers)).status == 200
    assert (await request(proxy, "POST", CREATE, headers=headers)).status == 403


async def test_sessions_end_at_once(proxy: MlflowProxy, as_olga: Client) -> None:
    headers = _cookie(as_olga)
    await sync_to_async(as_olga.post)("/logout/")
    assert (await request(proxy, "GET", API, headers=headers)).status == 401


async def test_a_database_that_is_away_is_503_for_sessions_and_nothing_for_tokens(
    proxy: MlflowProxy,
    bearer: Any,
    olga: User,
    as_olga: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    headers = await sync_to_async(bearer)(olga, "read")

    def away(key: str) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(module, "principal_of_session", away)
    answer = await request(proxy, "GET", API, headers=_cookie(as_olga))
    assert (answer.status, answer.header("retry-after")) == (503, "5")
    assert (await request(proxy, "GET", API, headers=headers)).status == 200


@pytest.mark.parametrize(
    "path",
    [
        # The path of an artifact is part of the address of its upload: it may end as it likes.
        "/mlflow/api/2.0/mlflow-artifacts/mpu/create/x/search",
        "/mlflow/api/2.0/mlflow-artifacts/mpu/complete/runs/search",
        "/mlflow/api/2.0/mlflow-artifacts/mpu/abort/graphql",
        "/mlflow/api/2.0/mlflow/runs/delete/search",
        "/mlflow/api/2.0/mlflow/runs/delete%2Fsearch",
        "/mlflow/api/2.0/mlflow/runs/delete%3F/mlflow/runs/search",
        "/mlflow/api/2.0/mlflow/runs/delete;/search",
        "/mlflow/api/2.0/mlflow/runs/delete?/mlflow/runs/search",
        "/mlflow/api/2.0/mlflow/runs/search/../delete",
        "/mlflow/api/2.0/mlflow/runs/search%0a",
        "/mlflow/api/2.0/mlflow/runs/search/",
        "/mlflow/api/3.0/mlflow/traces/tr-1/assessments",
        "/mlflow/api/2.0/mlflow/webhooks",
        "/mlflow/api/3.0/mlflow/gateway/secrets/create",
    ],
)
async def test_no_address_makes_a_write_look_like_a_search(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, vera: User, path: str
) -> None:
    headers = await sync_to_async(bearer)(vera, "admin")
    assert (await request(proxy, "POST", path, headers=headers, raw=True)).status == 403
    assert mlflow.seen == []


async def test_the_assistant_of_mlflow_is_closed_to_everybody(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, ada: User
) -> None:
    headers = await sync_to_async(bearer)(ada, "admin")
    for path in ("/ajax-api/3.0/mlflow/assistant/message", "/ajax-api/3.0/mlflow/%61ssistant"):
        answer = await request(proxy, "GET", f"/mlflow{path}", headers=headers, raw=True)
        assert answer.status == 403
    assert mlflow.seen == []


def test_every_reading_post_of_this_mlflow_is_known_and_no_writing_one() -> None:
    """Compared with the routes that the installed MLflow really has."""
    handlers = pytest.importorskip("mlflow.server.handlers")
    posts = {
        re.sub(r"<[^>]+>", "x", path)
        for path, _, methods in handlers.get_endpoints()
        if "POST" in methods
    }
    assert len(posts) > 50
    words = re.compile(
        r"search|graphql|get-latest|batchGet|traces/metrics|filter-correlation", re.IGNORECASE
    )
    reading = {path for path in posts if module._act_of("POST", path).value == "view"}
    assert reading == {path for path in posts if words.search(path)}


# ---- what arrives ----------------------------------------------------------------------------


async def test_method_path_query_and_body_arrive_as_they_were_sent(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User
) -> None:
    headers = await sync_to_async(bearer)(olga, "register")
    path = "/mlflow/api/2.0/mlflow-artifacts/artifacts/a%2Fb/W%C3%A4in%20100%25.txt?x=%20y&z=+"
    answer = await request(proxy, "PUT", path, headers=headers, body=b"\x00bytes", raw=True)
    assert answer.status == 200
    (seen,) = mlflow.seen
    assert seen.method == "PUT"
    assert seen.raw_path == path.removeprefix("/mlflow").partition("?")[0]
    assert seen.query == "x=%20y&z=+"
    assert seen.body == b"\x00bytes"


async def test_credentials_stay_with_the_portal_and_the_server_sees_its_own_name(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User
) -> None:
    headers = {
        **await sync_to_async(bearer)(olga, "register"),
        "cookie": "portal_session=secret",
        "origin": "http://testserver",
        "connection": "close, x-hop",
        "te": "trailers",
        "x-mlflow-workspace": "default",
        "content-type": "application/json",
    }
    await request(proxy, "POST", CREATE, headers=headers, body=b"{}")
    (seen,) = mlflow.seen
    assert seen.header("host") == "mlflow.portal"
    assert seen.header("x-mlflow-workspace") == "default"
    assert seen.header("content-type") == "application/json"
    for name in ("authorization", "cookie", "origin", "te"):
        assert seen.header(name) is None, name
    assert seen.header("accept-encoding") == "identity", "what the caller takes, not httpx"


async def test_cookies_of_mlflow_reach_nobody_else(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User, vera: User
) -> None:
    async def with_cookie(seen: Any, receive: Any, send: Any) -> None:
        await reply(send, 200, b"", headers=[(b"set-cookie", b"who=olga; Path=/")])

    mlflow.answer = with_cookie
    first = await request(proxy, "GET", API, headers=await sync_to_async(bearer)(olga, "read"))
    await request(proxy, "GET", API, headers=await sync_to_async(bearer)(vera, "read"))
    assert first.header("set-cookie") is None, "it could replace a cookie of the portal"
    assert mlflow.seen[1].header("cookie") is None


async def test_status_headers_and_body_come_back_as_they_were(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User
) -> None:
    async def odd(seen: Any, receive: Any, send: Any) -> None:
        head = [(b"Content-Type", b"text/x"), (b"X-Own", b"1"), (b"connection", b"close")]
        head += [(b"server", b"mlflow")]
        await reply(send, 418, b"teapot", headers=head)

    mlflow.answer = odd
    headers = await sync_to_async(bearer)(olga, "read")
    answer = await request(proxy, "GET", API, headers=headers)
    assert (answer.status, answer.body, answer.whole) == (418, b"teapot", True)
    assert answer.header("content-type") == "text/x"
    assert answer.header("x-own") == "1"
    assert answer.header("connection") is None
    assert answer.header("server") is None
    assert answer.header("date") is None


async def test_bytes_that_no_address_may_hold_are_no_fault_of_ours(
    proxy: MlflowProxy, bearer: Any, olga: User
) -> None:
    headers = await sync_to_async(bearer)(olga, "read")
    for path in ("/mlflow/\xff\xfe", "/mlflow/a b", '/mlflow/"<>', "/mlflow/\x7f"):
        answer = await request(proxy, "GET", path, headers=headers, raw=True)
        assert answer.status == 200, path


async def test_a_server_that_is_not_up_is_503_with_a_sentence(
    proxy: MlflowProxy, bearer: Any, olga: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await sync_to_async(bearer)(olga, "read")
    monkeypatch.setattr(module.server, "socket", lambda: tmp_path / "none.sock")
    other = MlflowProxy(proxy._access)
    answer = await request(other, "GET", API, headers=headers)
    await other.close()
    assert answer.status == 503
    assert answer.header("retry-after")
    assert answer.json()["error_code"] == "TEMPORARILY_UNAVAILABLE"


@pytest.mark.parametrize(
    ("method", "path", "status", "nudged"),
    [
        ("POST", "/mlflow/api/2.0/mlflow/model-versions/create", 200, True),
        ("POST", "/mlflow/api/2.0/mlflow/registered-models/alias", 200, True),
        ("POST", "/mlflow/api/2.0/mlflow/runs/create", 200, False),
        ("GET", "/mlflow/api/2.0/mlflow/registered-models/search", 200, False),
    ],
)
async def test_a_write_to_the_registry_hurries_the_next_look(
    proxy: MlflowProxy,
    bearer: Any,
    olga: User,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    status: int,
    nudged: bool,
) -> None:
    told = threading.Event()
    monkeypatch.setattr(module.services, "nudge", told.set)
    headers = await sync_to_async(bearer)(olga, "register")
    assert (await request(proxy, method, path, headers=headers)).status == status
    await asyncio.gather(*proxy._nudges)
    assert told.is_set() is nudged


# ---- what is looked into ---------------------------------------------------------------------

EXPERIMENT = "/mlflow/api/2.0/mlflow/experiments/create"
ALIAS = "/mlflow/api/2.0/mlflow/registered-models/alias"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", EXPERIMENT, b'{"name": "x", "artifact_location": "/etc"}'),
        ("POST", EXPERIMENT.replace("/api", "/ajax-api"), b'{"artifactLocation": "s3://x/y"}'),
        ("POST", EXPERIMENT.replace("create", "%63reate"), b'{"artifactLocation": "s3://x/y"}'),
        (
            "PATCH",
            "/mlflow/api/3.0/mlflow/traces/tr-1/tags",
            b'{"key": "mlflow.artifactLocation", "value": "/etc"}',
        ),
        ("POST", "/mlflow/v1/traces", b"\x0a\x17mlflow.artifactLocation"),
    ],
)
async def test_a_place_outside_the_store_never_reaches_mlflow(
    proxy: MlflowProxy,
    mlflow: FakeMlflow,
    bearer: Any,
    ada: User,
    method: str,
    path: str,
    body: Any,
) -> None:
    headers = await sync_to_async(bearer)(ada, "admin")
    answer = await request(proxy, method, path, headers=headers, body=body, raw=True)
    assert answer.status == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert mlflow.seen == []


async def test_what_is_looked_into_arrives_as_it_was_sent(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        yield b'{"name": "x", '
        yield b'"artifact_location": "mlflow-artifacts:/x"}'

    headers = await sync_to_async(bearer)(olga, "register")
    answer = await request(
        proxy,
        "POST",
        EXPERIMENT,
        headers={**headers, "transfer-encoding": "chunked"},
        chunks=parts(),
    )
    assert answer.status == 200
    (seen,) = mlflow.seen
    assert seen.body == b'{"name": "x", "artifact_location": "mlflow-artifacts:/x"}'


async def test_a_body_to_look_into_is_held_up_to_a_bound(
    proxy: MlflowProxy,
    mlflow: FakeMlflow,
    bearer: Any,
    olga: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module.locations, "LONGEST_BODY", 100)
    headers = await sync_to_async(bearer)(olga, "register")
    answer = await request(proxy, "POST", EXPERIMENT, headers=headers, body=bytes(101))
    assert answer.status == 413
    assert mlflow.seen == []


# ---- streams ---------------------------------------------------------------------------------

MEGABYTE = bytes(1 << 20)
LARGE = 200


class _Memory:
    """The most that this process held above its beginning, in MB."""

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._start = self._now()
        self.most = 0.0

    def look(self) -> None:
        self.most = max(self.most, self._now() - self._start)

    def _now(self) -> float:
        return float(self._process.memory_info().rss) / 2**20


async def test_an_upload_flows_through_with_flat_memory(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User
) -> None:
    memory = _Memory()
    first_arrived = threading.Event()
    arrived = 0

    async def count(seen: Any, receive: Any, send: Any) -> None:
        nonlocal arrived
        more = True
        while more:
            message = await receive()
            arrived += len(message.get("body", b""))
            first_arrived.set()
            more = message.get("more_body", False)
        await reply(send, 200, b"")

    async def body() -> AsyncIterator[bytes]:
        yield MEGABYTE
        until = time.monotonic() + 10
        while not first_arrived.is_set():
            assert time.monotonic() < until, "nothing flows before the body is whole"
            await asyncio.sleep(0.01)
        for number in range(LARGE - 1):
            if number % 20 == 0:
                memory.look()
            yield MEGABYTE

    mlflow.answer = count
    headers = {
        **await sync_to_async(bearer)(olga, "register"),
        "content-length": str(LARGE << 20),
    }
    answer = await request(
        proxy, "PUT", "/mlflow/api/2.0/mlflow-artifacts/artifacts/x", headers=headers, chunks=body()
    )
    assert answer.status == 200
    assert arrived == LARGE << 20
    assert memory.most < 40, "MB"


async def test_a_download_flows_through_with_flat_memory(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User
) -> None:
    memory = _Memory()

    async def large(seen: Any, receive: Any, send: Any) -> None:
        head = [(b"content-length", b"%d" % (LARGE << 20))]
        await send({"type": "http.response.start", "status": 200, "headers": head})
        for number in range(LARGE):
            if number % 20 == 0:
                memory.look()
            await send({"type": "http.response.body", "body": MEGABYTE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    mlflow.answer = large
    headers = await sync_to_async(bearer)(olga, "read")
    answer = await request(proxy, "GET", API, headers=headers, keep=False)
    assert (answer.status, answer.size, answer.whole) == (200, LARGE << 20, True)
    assert memory.most < 40, "MB"


async def test_a_client_that_leaves_in_its_upload_takes_nothing_down(
    proxy: MlflowProxy, mlflow: FakeMlflow, bearer: Any, olga: User
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"half"

    headers = {**await sync_to_async(bearer)(olga, "register"), "content-length": "8"}
    answer = await request(proxy, "POST", CREATE, headers=headers, chunks=body(), leave_after=0.0)
    assert isinstance(answer, Reply)
    assert not [seen for seen in mlflow.seen if seen.whole]
    again = await request(proxy, "POST", CREATE, headers=headers, body=b"whole-it")
    assert again.status == 200
