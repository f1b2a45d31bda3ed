"""The gateway's ASGI application: paths of the contract to their handlers."""

import asyncio
import logging

import msgspec

from accounts.access import AccessTable
from gateway.log.writer import LogWriter
from gateway.serving.bodies import BodyMemory, Upload
from gateway.serving.http import Answer, ClientGone, Receive, Refusal, Scope, Send
from gateway.serving.predict import Predictor
from gateway.serving.routes import RouteTable
from gateway.shipper import log_root

logger = logging.getLogger(__name__)

MODELS = "/models/"
PROBES = ("/livez", "/readyz", "/healthz")


class Gateway:
    """Serves `/models/…` and the probes; `start` and `stop` frame its life."""

    def __init__(self, access: AccessTable) -> None:
        self.routes = RouteTable(access)
        self._access = access
        self._log: LogWriter | None = None
        self._refreshing: asyncio.Task[None] | None = None
        self._predictor: Predictor | None = None
        self._memory = BodyMemory()

    async def start(self) -> None:
        """Open the log and read the routes; from then on they are kept fresh."""
        self._log = await asyncio.to_thread(LogWriter, log_root())
        self._predictor = Predictor(access=self._access, routes=self.routes, log=self._log)
        await self.routes.refresh()
        self._refreshing = asyncio.create_task(self.routes.keep_fresh(), name="routes")

    async def stop(self) -> None:
        """Close connections and log; what was answered is on disk already."""
        if self._refreshing is not None:
            self._refreshing.cancel()
        await self.routes.aclose()
        if self._log is not None:
            await asyncio.to_thread(self._log.close)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        upload = Upload(scope, receive, self._memory)
        try:
            answer = await self._handle(scope, upload)
        except Refusal as refusal:
            answer = refusal.answer()
        except ClientGone:
            return
        except Exception:  # the edge: a fault of ours must not show a traceback to a caller
            logger.exception("The gateway failed at %s.", scope["path"])
            answer = Refusal(
                500, "INTERNAL_ERROR", "The portal failed at this request; it is in its log."
            ).answer()
        finally:
            upload.release()
        if upload.is_pending:
            # Who is refused may go on sending for ever, on a connection that is kept.
            await answer.send_and_close(send, upload.discard())
        else:
            await answer.send(send)

    async def _handle(self, scope: Scope, upload: Upload) -> Answer:
        path, method = scope["path"], scope["method"]
        if path in PROBES:
            return self._probe(path)
        deployment, _, act = path.removeprefix(MODELS).rpartition("/")
        if not path.startswith(MODELS) or not deployment:
            raise _no_such_path(path)
        if act == "invocations":
            _need(method, "POST", path)
            return await self._ready().predict(scope, upload, deployment)
        if act in ("ping", "health"):
            _need(method, "GET", path)
            return await self._ping(scope, deployment)
        if act == "version":
            _need(method, "GET", path)
            return await self._version(scope, deployment)
        raise _no_such_path(path)

    async def _ping(self, scope: Scope, deployment: str) -> Answer:
        asked = await self._ready().open(scope, deployment)
        if not asked.route.sockets:
            raise Refusal(
                503,
                "TEMPORARILY_UNAVAILABLE",
                f"Deployment {deployment!r} has no model server that is up.",
                retry_after=2,
            )
        return Answer(200, b"\n")

    async def _version(self, scope: Scope, deployment: str) -> Answer:
        asked = await self._ready().open(scope, deployment)
        return Answer(200, asked.route.mlflow_version.encode())

    def _probe(self, path: str) -> Answer:
        problem = self._log.problem if self._log is not None else "The log is not open yet."
        ready = self.routes.is_loaded and problem is None
        if path == "/livez" or ready:
            return Answer(200, msgspec.json.encode({"status": "ok"}))
        reason = problem or "The routes have not been read yet."
        return Answer(503, msgspec.json.encode({"status": "not ready", "reason": reason}))

    def _ready(self) -> Predictor:
        if self._predictor is None:
            raise Refusal(503, "TEMPORARILY_UNAVAILABLE", "The portal is starting.", retry_after=1)
        return self._predictor


def _need(method: str, allowed: str, path: str) -> None:
    if method != allowed and not (allowed == "GET" and method == "HEAD"):
        raise Refusal(405, "METHOD_NOT_ALLOWED", f"{path} takes {allowed}, not {method}.")


def _no_such_path(path: str) -> Refusal:
    return Refusal(
        404,
        "ENDPOINT_NOT_FOUND",
        f"There is nothing at {path[:200]}.",
        hint="Predictions go to POST /models/{deployment}/invocations.",
    )
