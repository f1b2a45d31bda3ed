"""`manage.py agent`: the node agent, and what else must run where models and log are."""

import logging
import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error as DatabaseFault
from django.db import close_old_connections

from core.errors import PortalError
from deployments.agent.loop import Agent
from gateway.shipper import ship

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Keeps this machine's models as desired, and moves its prediction log into the store."""

    help = "Run the node agent of this machine."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop; model servers go on without the agent."""
        del args, options
        agent = Agent()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: agent.stopping.set())
        shipping = threading.Thread(target=_ship_until, args=[agent.stopping], name="shipper")
        shipping.start()
        agent.run()
        shipping.join()


def _ship_until(stopping: threading.Event) -> None:
    """Ship every interval; what fails is tried again, for the log on disk waits."""
    while not stopping.wait(settings.SHIP_INTERVAL.total_seconds()):
        close_old_connections()
        try:
            ship()
        except (DatabaseFault, OSError, PortalError) as error:
            logger.warning("Predictions stay in the log on disk for now: %s", error)
            stopping.wait(2.0)
