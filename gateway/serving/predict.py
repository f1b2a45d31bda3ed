"""One prediction from request to answer: who, where, model, log, and only then the answer."""

import logging
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings

from accounts.access import AccessTable
from accounts.authentication import token_in
from accounts.policy import Act, Principal, allows
from deployments.selectors import Route
from gateway.log.errors import LogUnavailable
from gateway.log.record import Record, encode, new_id
from gateway.log.writer import LogWriter
from gateway.serving.bodies import Upload
from gateway.serving.http import (
    Answer,
    Headers,
    Refusal,
    Scope,
    header,
    header_value,
)
from gateway.serving.routes import RouteTable
from modelserver.client import ModelServerDown, Response

logger = logging.getLogger(__name__)

_REQUEST_ID = re.compile(r"^[\x21-\x7e]{1,200}$")
_TRACEPARENT = re.compile(r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_FOUND_HINT: Final = "GET /api/v1/deployments lists those that you may ask."


@dataclass(slots=True)
class Asked:
    """What a request asks for, once it is known who asks whom."""

    route: Route
    caller: str
    request_id: str
    traceparent: str
    time_ns: int
    backfilled: bool
    began: float


class Predictor:
    """Answers predictions for the ASGI application."""

    def __init__(self, *, access: AccessTable, routes: RouteTable, log: LogWriter) -> None:
        self._access = access
        self._routes = routes
        self._log = log

    async def open(self, scope: Scope, deployment: str) -> Asked:
        """Find the deployment and check who asks.

        What tables that may be half a second old refuse, or know no live server of, is looked at
        once more with fresh ones: a deployment or a token that was just made works at once.

        Raises:
            Refusal: 401, 403 or 404.
        """
        try:
            asked = self._open(scope, deployment)
            if asked.route.sockets:
                return asked
        except Refusal as refusal:
            if refusal.status == 400:
                raise
        await self._routes.catch_up()
        return self._open(scope, deployment)

    def _open(self, scope: Scope, deployment: str) -> Asked:
        began = time.perf_counter()
        headers = scope["headers"]
        route = self._routes.get(deployment)
        principal = self._principal(scope)
        is_public = route is not None and route.public
        if principal is None and not is_public:
            raise Refusal(
                401,
                "UNAUTHENTICATED",
                "This path needs an API token: Authorization: Bearer TOKEN.",
                hint="Make one with the scope predict under Profile, API tokens.",
            )
        if not (is_public or principal is None or allows(principal, Act.PREDICT, of=deployment)):
            raise Refusal(
                403,
                "PERMISSION_DENIED",
                f"This token may not ask deployment {deployment!r} for predictions.",
                hint=f"It needs the scope predict or predict:{deployment}.",
            )
        if route is None:
            raise Refusal(
                404,
                "RESOURCE_DOES_NOT_EXIST",
                f"There is no deployment {deployment!r}.",
                hint=_NOT_FOUND_HINT,
            )
        request_id = header(headers, b"x-request-id")
        traceparent = header(headers, b"traceparent")
        time_ns, backfilled = _time_of(headers, principal)
        return Asked(
            route=route,
            caller=principal.label if principal else "public",
            request_id=request_id if _REQUEST_ID.match(request_id) else "",
            traceparent=traceparent if _TRACEPARENT.match(traceparent) else "",
            time_ns=time_ns,
            backfilled=backfilled,
            began=began,
        )

    async def predict(self, scope: Scope, upload: Upload, deployment: str) -> Answer:
        """Answer one prediction; its record is on disk when this returns.

        Raises:
            Refusal: with the status of the contract's table.
        """
        asked = await self.open(scope, deployment)
        name = asked.route.deployment
        self._refuse_if_busy(name)
        body = await upload.read()
        # A request takes a place once it is whole: slow senders keep nobody from the model.
        self._refuse_if_busy(name)
        self._routes.in_flight[name] += 1
        try:
            return await self._answer(asked, scope, body)
        finally:
            self._routes.in_flight[name] -= 1

    def _refuse_if_busy(self, name: str) -> None:
        if self._routes.in_flight[name] >= settings.MAX_IN_FLIGHT:
            raise Refusal(
                429,
                "RESOURCE_EXHAUSTED",
                f"Deployment {name!r} works on {settings.MAX_IN_FLIGHT} requests already.",
                hint="Try again after a second, or send more rows in fewer requests.",
                retry_after=1,
            )

    async def _answer(self, asked: Asked, scope: Scope, body: bytes) -> Answer:
        content_type = header(scope["headers"], b"content-type")
        checked = time.perf_counter()
        prediction_id = new_id(asked.time_ns if asked.backfilled else None)
        response = await self._ask_model(asked.route, content_type, body)
        answered = time.perf_counter()
        record = Record(
            id=prediction_id,
            time=asked.time_ns,
            deployment=asked.route.deployment,
            model=asked.route.model,
            version=asked.route.version,
            request_id=asked.request_id or str(prediction_id),
            caller=asked.caller,
            status=response.status,
            content_type=content_type,
            body=body,
            answer=response.body,
            model_ms=response.model_ms,
            total_ms=(answered - asked.began) * 1000,
            traceparent=asked.traceparent,
            findings=list(response.warnings),
            backfilled=asked.backfilled,
        )
        try:
            await self._log.append(encode(record))
        except LogUnavailable as error:
            raise Refusal(
                503,
                "TEMPORARILY_UNAVAILABLE",
                "The prediction could not be kept, so it is not answered.",
                hint=error.hint or "An operator must look at the disk of the portal.",
                retry_after=1,
            ) from error
        timing = (checked - asked.began, answered - checked, time.perf_counter() - answered)
        return Answer(
            response.status,
            response.body,
            content_type=response.content_type.encode("latin-1"),
            headers=_headers(asked, record, timing),
        )

    async def _ask_model(self, route: Route, content_type: str, body: bytes) -> Response:
        client = self._routes.client(route)
        if client is None:
            raise _not_up(route)
        timeout = settings.PREDICT_TIMEOUT.total_seconds()
        try:
            return await client.request(
                "invocations", content_type=content_type, body=body, timeout=timeout
            )
        except TimeoutError as error:
            raise Refusal(
                504,
                "DEADLINE_EXCEEDED",
                f"The model did not answer within {timeout:g} seconds.",
                hint="Send fewer rows at a time, or raise PORTAL_PREDICT_TIMEOUT.",
            ) from error
        except ModelServerDown as error:
            raise _not_up(route) from error

    def _principal(self, scope: Scope) -> Principal | None:
        secret = token_in(header(scope["headers"], b"authorization"))
        if secret is None:
            return None
        address = (scope.get("client") or ("",))[0]
        return self._access.principal(secret, address=address)


def _not_up(route: Route) -> Refusal:
    return Refusal(
        503,
        "TEMPORARILY_UNAVAILABLE",
        f"The model server of deployment {route.deployment!r} is not up.",
        hint="It is started again by itself. Try again in a few seconds.",
        retry_after=2,
    )


def _time_of(headers: Headers, principal: Principal | None) -> tuple[int, bool]:
    """Return the time of the prediction in ns since the epoch, and whether it is of the past.

    `X-Portal-Time` gives predictions of the past their own time, for tokens that may backfill.
    """
    given = header(headers, b"x-portal-time")
    if not given:
        return time.time_ns(), False
    if principal is None or not allows(principal, Act.BACKFILL):
        raise Refusal(
            403,
            "PERMISSION_DENIED",
            "This token may not set the time of a prediction (X-Portal-Time).",
            hint="It needs the scope backfill, of an operator.",
        )
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        moment = None
    now = datetime.now(tz=UTC)
    if (
        moment is None
        or moment.tzinfo is None
        or not _EPOCH <= moment <= now + timedelta(minutes=1)
    ):
        raise Refusal(
            400,
            "BAD_REQUEST",
            f"X-Portal-Time is {given[:64]!r}; it must be a time since 1970 that has passed, as "
            f"{now.isoformat(timespec='seconds')}.",
        )
    microseconds = (moment - _EPOCH) // timedelta(microseconds=1)
    return microseconds * 1000, True


def _headers(asked: Asked, record: Record, timing: tuple[float, float, float]) -> Headers:
    validate, model, log = (seconds * 1000 for seconds in timing)
    headers = [
        (b"x-portal-prediction", str(record.id).encode()),
        (b"x-request-id", record.request_id.encode()),
        (b"x-portal-deployment", header_value(record.deployment)),
        (b"x-portal-model", header_value(record.model)),
        (b"x-portal-version", header_value(record.version)),
        (
            b"server-timing",
            b"validate;dur=%.2f, model;dur=%.2f, log;dur=%.2f" % (validate, model, log),
        ),
    ]
    if record.findings:
        headers.append((b"x-portal-warnings", header_value(", ".join(record.findings))))
    if asked.traceparent:
        headers.append((b"traceparent", asked.traceparent.encode()))
    return headers
