"""`manage.py clock`: what the portal does every few seconds by itself."""

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from mlopsportal import clock


class Command(BaseCommand):
    """Runs the schedule, the sweep of jobs and the reading of the registry."""

    help = "Run the clock of this machine."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop; a second clock does no harm."""
        del args, options
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        clock.run(clock.DUTIES, stopping)
