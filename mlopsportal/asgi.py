"""The one ASGI application: the gateway for predictions, the way to MLflow, and Django."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, cast

from django.conf import settings
from django.core.asgi import get_asgi_application
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mlopsportal.settings")
django_application = get_asgi_application()

# What follows reads models, which exist only once Django is set up.
from accounts.access import AccessTable  # noqa: E402
from gateway.serving.app import MODELS, PROBES, Gateway  # noqa: E402
from registry.proxy import PREFIX, MlflowProxy  # noqa: E402

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


# Django's own types are narrower than ASGI's.
_django: Callable[[Scope, Receive, Send], Awaitable[None]] = cast(Any, django_application)


class Portal:
    """Sends each request to its part, and starts and stops the parts with the process."""

    def __init__(self) -> None:
        self.access = AccessTable()
        self.gateway = Gateway(self.access)
        self.mlflow = MlflowProxy(self.access)
        files = StaticFiles(directory=settings.STATIC_ROOT, check_dir=False)
        self.static = Starlette(routes=[Mount(settings.STATIC_URL, app=files)])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Dispatch by path."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        path = scope["path"]
        if path.startswith(MODELS) or path in PROBES:
            await self.gateway(scope, receive, send)
        elif path == PREFIX or path.startswith(f"{PREFIX}/"):
            await self.mlflow(scope, receive, send)
        elif path.startswith(settings.STATIC_URL):
            await self.static(scope, receive, send)
        else:
            await _django(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.gateway.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.gateway.stop()
        await self.mlflow.close()
        await send({"type": "lifespan.shutdown.complete"})


application = Portal()
