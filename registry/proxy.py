"""The guarded way to MLflow: `/mlflow/…` behind the portal's login or token, streamed both ways.

Pure ASGI, so that neither an upload nor a download of any size is held in memory or on disk here.
"""

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Final
from urllib.parse import quote

import httpx
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import Error as DatabaseFault
from django.http.cookie import parse_cookie
from django.shortcuts import resolve_url

from accounts.access import AccessTable, principal_of_session
from accounts.authentication import token_in
from accounts.policy import Act, Principal, allows
from registry import acts, locations, server, services
from registry.errors import RefusedWrite

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Content = bytes | AsyncIterator[bytes] | None

PREFIX: Final = "/mlflow"
_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
# MLflow searches and reads in bulk by POST. Whole paths, since an artifact, whose path is part of
# the address of its upload, may be called anything.
_READING_POSTS: Final = re.compile(
    r"/graphql|/(ajax-)?api/\d\.\d/?mlflow/("
    r"(experiments|runs|logged-models|traces|datasets|issues)/search"
    r"|prompt-optimization/jobs/search|experiments/search-datasets"
    r"|registered-models/get-latest-versions"
    r"|traces/(batchGet|batchGetInfos|metrics|calculate-filter-correlation))"
)
# The assistant runs a coding agent on the server and trusts whoever seems to be on its machine,
# which through a socket is everybody.
_CLOSED: Final = ("/mlflow/assistant",)
_REGISTRY_PATHS: Final = ("/mlflow/registered-models/", "/mlflow/model-versions/")
_HOP_BY_HOP: Final = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer "
    b"transfer-encoding upgrade".split()
)
_OF_A_PATH: Final = "/%:@!$&'()*+,;=-._~"
# Ours, not MLflow's to see; Host and Origin are replaced because its own guard compares them.
_WITHHELD: Final = _HOP_BY_HOP | frozenset({b"cookie", b"authorization", b"host", b"origin"})

# The portal's own server sets a date.
_NOT_PASSED_BACK: Final = _HOP_BY_HOP | frozenset({b"set-cookie", b"date", b"server"})


class MlflowProxy:
    """ASGI application that hands guarded requests to the tracking server."""

    def __init__(self, access: AccessTable) -> None:
        self._access = access
        self._http = httpx.AsyncClient(
            transport=httpx.AsyncHTTPTransport(uds=str(server.socket()), limits=_LIMITS),
            base_url=f"http://{server.HOST_NAME}",
            timeout=httpx.Timeout(300.0, connect=5.0),
            follow_redirects=False,
            trust_env=False,
            # What the caller takes, not what httpx would.
            headers={"accept-encoding": "identity"},
        )
        # One client serves everybody: a cookie for one must not go with the requests of others.
        self._http.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._nudges: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._http.aclose()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check who asks, then pass the request on and its answer back."""
        headers = dict(scope["headers"])
        try:
            principal, by_session = await self._who(scope, headers)
        except DatabaseFault as error:
            logger.warning("Nobody's session can be looked up: %s", error)
            message = "The portal's database does not answer. Try again soon."
            await _refuse(send, 503, "TEMPORARILY_UNAVAILABLE", message, retry_after=5)
            return
        path = str(scope["path"]).removeprefix(PREFIX)
        if not path:
            # The UI's own links are relative: without the slash they would miss the prefix.
            await _redirect(send, f"{PREFIX}/")
        elif principal is None:
            await _ask_to_log_in(scope, headers, send)
        elif any(closed in path.lower() for closed in _CLOSED):
            await _refuse(
                send, 403, "PERMISSION_DENIED", "MLflow's assistant is switched off here."
            )
        elif not allows(principal, _act_of(scope["method"], path)):
            await _refuse(
                send,
                403,
                "PERMISSION_DENIED",
                "Writing to MLflow needs the role operator, and a token the scope register.",
            )
        elif by_session and not _is_same_site(scope["method"], headers):
            await _refuse(send, 403, "PERMISSION_DENIED", "Writes from another site are refused.")
        else:
            await self._answer(scope, receive, send, principal=principal)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, *, principal: Principal
    ) -> None:
        """Pass an allowed request on, once what it writes is seen to be harmless."""
        method, path = scope["method"], str(scope["path"]).removeprefix(PREFIX)
        writes = _act_of(method, path) is Act.REGISTER
        names_places = writes and locations.may_name_a_place(path)
        is_act = writes and acts.is_act(method, path)
        content: Content = None
        if names_places or is_act:
            try:
                content = await _whole(receive)
                if names_places:
                    encoding = _joined(scope, b"content-encoding")
                    locations.check_places(path, content, encoding=encoding)
            except RefusedWrite as refusal:
                await _refuse(send, refusal.http_status, "INVALID_PARAMETER_VALUE", str(refusal))
                return
        elif _has_body(scope):
            content = _body(receive)
        status = await self._pass_on(scope, content, send)
        self._nudge_after(method, path)
        if is_act and isinstance(content, bytes) and status < 400:
            await sync_to_async(_write_down)(scope, content, principal)

    async def _who(
        self, scope: Scope, headers: dict[bytes, bytes]
    ) -> tuple[Principal | None, bool]:
        """Return who asks, and whether a session (rather than a token) says so."""
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if authorization:
            secret = token_in(authorization)
            address = (scope.get("client") or ("",))[0]
            return (self._access.principal(secret, address=address) if secret else None), False
        cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
        session_key = cookies.get(settings.SESSION_COOKIE_NAME, "")
        if not session_key:
            return None, True
        return await sync_to_async(principal_of_session)(session_key), True

    async def _pass_on(self, scope: Scope, content: Content, send: Send) -> int:
        """Send the request on and its answer back; return the status."""
        # Bytes beyond ASCII, which an address may not hold as they are, are left to no parser.
        raw_path = quote(scope.get("raw_path") or scope["path"], safe=_OF_A_PATH).encode()
        target = raw_path.removeprefix(PREFIX.encode()) or b"/"
        query = scope.get("query_string", b"")
        request = self._http.build_request(
            scope["method"],
            httpx.URL(
                f"http://{server.HOST_NAME}", raw_path=target + (b"?" + query if query else b"")
            ),
            headers=[(n, v) for n, v in scope["headers"] if n not in _WITHHELD],
            content=content,
        )
        try:
            response = await self._http.send(request, stream=True)
        except httpx.HTTPError as error:
            starting = isinstance(error, httpx.ConnectError)
            level = logging.DEBUG if starting else logging.WARNING
            logger.log(level, "MLflow did not answer %s: %s", target.decode("latin-1"), error)
            message = "MLflow does not answer; it is started again by itself. Try again soon."
            await _refuse(send, 503, "TEMPORARILY_UNAVAILABLE", message, retry_after=5)
            return 503
        try:
            await _send_back(response, send)
        finally:
            await response.aclose()
        return response.status_code

    def _nudge_after(self, method: str, path: str) -> None:
        if method not in _READS and any(part in path for part in _REGISTRY_PATHS):
            task = asyncio.create_task(asyncio.to_thread(services.nudge))
            # The loop holds tasks weakly: without this one could be collected in mid-flight.
            self._nudges.add(task)
            task.add_done_callback(self._nudges.discard)


_LIMITS = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=60)


def _act_of(method: str, path: str) -> Act:
    reads = method in _READS or (method == "POST" and _READING_POSTS.fullmatch(path) is not None)
    return Act.VIEW if reads else Act.REGISTER


def _is_same_site(method: str, headers: dict[bytes, bytes]) -> bool:
    """Say whether a write that carries a cookie comes from our own pages (or from no page)."""
    if method in _READS:
        return True
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site == b"same-origin"
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    return origin in (settings.PUBLIC_URL.rstrip("/"), f"http://{host}", f"https://{host}")


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise httpx.RequestError("The client went away in the middle of its upload.")
        if chunk := message.get("body", b""):
            yield chunk
        more = message.get("more_body", False)


async def _whole(receive: Receive) -> bytes:
    """Return the body of a write that is looked into.

    Raises:
        RefusedWrite: it is larger than any of them need be, or the client went away.
    """
    body = bytearray()
    try:
        async for chunk in _body(receive):
            body += chunk
            if len(body) > locations.LONGEST_BODY:
                raise RefusedWrite(
                    f"The body has more than {locations.LONGEST_BODY} bytes.", status=413
                )
    except httpx.RequestError as error:
        raise RefusedWrite(str(error)) from error
    return bytes(body)


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])


def _joined(scope: Scope, name: bytes) -> str:
    return ",".join(v.decode("latin-1") for n, v in scope["headers"] if n == name)


def _write_down(scope: Scope, body: bytes, principal: Principal) -> None:
    """Keep the act in the audit; MLflow has done it already, so a fault here is only told."""
    try:
        message = locations.message_in(body)
    except RefusedWrite:
        message = {}
    path = str(scope["path"]).removeprefix(PREFIX)
    act = acts.act_of(scope["method"], path, message)
    try:
        services.write_down(act, principal=principal, address=(scope.get("client") or ("",))[0])
    except DatabaseFault as error:
        logger.error(
            "%s %s %s, and the audit misses it: %s", principal.label, act.action, act.object, error
        )


async def _send_back(response: httpx.Response, send: Send) -> None:
    kept = [(n.lower(), v) for n, v in response.headers.raw if n.lower() not in _NOT_PASSED_BACK]
    await send({"type": "http.response.start", "status": response.status_code, "headers": kept})
    async for chunk in response.aiter_raw(1 << 18):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _ask_to_log_in(scope: Scope, headers: dict[bytes, bytes], send: Send) -> None:
    """Send people to the login page, and tell programs that they need a token."""
    if scope["method"] == "GET" and b"text/html" in headers.get(b"accept", b""):
        target = f"{resolve_url(settings.LOGIN_URL)}?next={quote(scope['path'])}"
        await _redirect(send, target)
        return
    message = "Set MLFLOW_TRACKING_TOKEN to an API token of the portal (Profile, API tokens)."
    await _refuse(send, 401, "UNAUTHENTICATED", message)


async def _redirect(send: Send, target: str) -> None:
    head = [(b"location", target.encode()), (b"content-length", b"0")]
    await send({"type": "http.response.start", "status": 302, "headers": head})
    await send({"type": "http.response.body", "body": b""})


async def _refuse(
    send: Send, status: int, code: str, message: str, *, retry_after: int | None = None
) -> None:
    """Answer in MLflow's own form of errors, which its clients show to people."""
    body = json.dumps({"error_code": code, "message": message}).encode()
    head = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    if status == 401:
        head.append((b"www-authenticate", b'Bearer realm="portal"'))
    if retry_after is not None:
        head.append((b"retry-after", b"%d" % retry_after))
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})
