"""The routing table in memory, with a connection to each live model server.

It is read again when the `routes` revision has risen, at most a second late; while the database
does not answer, the table that is there goes on serving.
"""

import asyncio
import logging
import time
from collections import Counter

from asgiref.sync import sync_to_async
from django.db import Error as DatabaseFault
from django.db import close_old_connections

from accounts.access import AccessTable
from core.models import Revision
from deployments import selectors
from deployments.selectors import Route
from deployments.services.events import ROUTES
from modelserver.client import ModelClient

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 0.4
CATCH_UP_SECONDS = 0.1


class RouteTable:
    """What is served now; look-ups are dictionary reads, `refresh` does all I/O."""

    def __init__(self, access: AccessTable) -> None:
        self._access = access
        self._routes: dict[str, Route] = {}
        self._clients: dict[str, ModelClient] = {}
        self._revision: tuple[int, ...] = (-1,)
        self._closing: set[asyncio.Task[None]] = set()
        self.in_flight: Counter[str] = Counter()
        self.is_loaded = False
        self._refreshed = 0.0
        self._catching_up = asyncio.Lock()

    def get(self, deployment: str) -> Route | None:
        """Return the route of a deployment, or None if there is no such deployment."""
        return self._routes.get(deployment)

    def client(self, route: Route) -> ModelClient | None:
        """Return the connection to a live model server of `route`, or None if it has none."""
        return self._clients.get(route.sockets[0]) if route.sockets else None

    async def keep_fresh(self) -> None:
        """Refresh for ever; the task of this is cancelled when the process ends."""
        while True:
            await self.refresh()
            await asyncio.sleep(REFRESH_SECONDS)

    async def refresh(self) -> None:
        """Read routes and tokens again if they changed."""
        began = time.monotonic()
        try:
            fresh = await sync_to_async(self._read)()
        except DatabaseFault as error:
            logger.warning("The database does not answer; routes stay as they are: %s", error)
            return
        if fresh is not None:
            self._replace(fresh)
        self._refreshed = began
        self.is_loaded = True

    async def catch_up(self) -> None:
        """Refresh now, for a request that found nothing in the tables.

        At most ten times a second, which all that wait share, so that strangers who guess names
        cannot busy the database.
        """
        asked = time.monotonic()
        async with self._catching_up:
            if self._refreshed > asked:
                return
            await asyncio.sleep(self._refreshed + CATCH_UP_SECONDS - asked)
            await self.refresh()

    async def aclose(self) -> None:
        """Close every connection to a model server."""
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)
        await asyncio.gather(*(client.aclose() for client in self._clients.values()))

    def _read(self) -> list[Route] | None:
        close_old_connections()
        self._access.refresh()
        # The revision is read before the rows: a change in between is read again next time.
        revision = Revision.current(ROUTES)
        if revision == self._revision:
            return None
        routes = selectors.routes()
        self._revision = revision
        return routes

    def _replace(self, routes: list[Route]) -> None:
        self._routes = {route.deployment: route for route in routes}
        sockets = {socket for route in routes for socket in route.sockets}
        for socket in sockets - self._clients.keys():
            self._clients[socket] = ModelClient(socket)
        for socket in self._clients.keys() - sockets:
            task = asyncio.create_task(_close_later(self._clients.pop(socket)))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)


async def _close_later(client: ModelClient) -> None:
    """Close a connection that no route uses, after its last requests were answered."""
    try:
        await asyncio.sleep(120)
    finally:
        await client.aclose()
