"""The clock: what is done every few seconds, each step safe to repeat and to do twice at once.

It is a process of its own, so that no job keeps it waiting; each duty has its own thread, so that
an MLflow that does not answer keeps only its own reading waiting. Every machine may run one: who
comes second finds the work done, for each step is settled by a row of the database.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import close_old_connections

from core import jobs
from core.errors import PortalError
from core.jobs.schedule import enqueue_due
from mlopsportal.schedule import ENTRIES
from monitoring.services import request_missing_baselines
from registry import services as registry
from registry.models import RegistryState

logger = logging.getLogger(__name__)

SOON: Final = 2.0
"""Seconds until a duty that could not be done is tried again."""

_LAST_WORDS: Final = 1.0
"""Seconds for which a clock that ends waits for what its duties are at."""


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing that the clock does: at its start, and again when its period has passed.

    `act` says whether it was done; a duty that was not is tried again soon.
    """

    name: str
    period: timedelta
    act: Callable[[], bool]


def tick() -> bool:
    """Bring forward the jobs that nothing moves any more, and write those that are due."""
    jobs.sweep()
    enqueue_due(ENTRIES)
    return True


def read_registry() -> bool:
    """Read MLflow's registry; an MLflow that does not answer may just be starting."""
    registry.sync()
    return not RegistryState.load().problem


def look_for_baselines() -> bool:
    """Ask for the baselines that live deployments lack."""
    request_missing_baselines()
    return True


DUTIES = (
    Duty("tick", timedelta(seconds=5), tick),
    Duty("reading the registry", settings.REGISTRY_INTERVAL, read_registry),
    Duty("looking for baselines", timedelta(seconds=10), look_for_baselines),
)


def run(duties: Sequence[Duty], stopping: threading.Event) -> None:
    """Do the duties until told to stop; one that is at work then is cut off as by a power cut."""
    threads = [
        threading.Thread(target=_keep, args=[duty, stopping], name=duty.name, daemon=True)
        for duty in duties
    ]
    for thread in threads:
        thread.start()
    stopping.wait()
    for thread in threads:
        thread.join(_LAST_WORDS / len(threads))


def _keep(duty: Duty, stopping: threading.Event) -> None:
    period = duty.period.total_seconds()
    while not stopping.is_set():
        close_old_connections()
        stopping.wait(period if _is_done(duty) else min(SOON, period))


def _is_done(duty: Duty) -> bool:
    try:
        return duty.act()
    except (DatabaseFault, OSError, PortalError) as error:
        logger.warning("The clock's %s failed: %s", duty.name, error)
    except Exception:  # the clock is the edge: one odd row must not end a duty for good
        logger.exception("The clock's %s failed.", duty.name)
    return False
