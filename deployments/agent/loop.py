"""The loop of the node agent: look after the servers, run this node's jobs, say that it lives."""

import fcntl
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from django.conf import settings
from django.db import Error as DatabaseFault
from django.db import close_old_connections
from django.utils import timezone

from core import jobs
from core.folders import socket_folder
from core.jobs.kinds import node_queue
from core.jobs.sweep import take_over_orphans
from core.models import Job
from core.owners import myself
from deployments.agent import watch
from deployments.agent.repair import repair
from deployments.models import ModelServer, Node
from deployments.runtimes import ProcessRuntime
from deployments.services import follow_aliases
from deployments.services.desired import UNDEPLOY

logger = logging.getLogger(__name__)

PERIOD = 0.5
SAY_ALIVE_EVERY = 5.0
FOLLOW_ALIASES_EVERY = 5.0
STRANGERS_EVERY = 30.0
END_PATIENCE = 10.0
"""Seconds that a prediction in flight may take when the whole portal ends, as web is given too."""

THREADS = 8
ENDING_THREADS = 2
"""For undeploying: as many models as there are threads may be loading, and each for minutes."""


class Agent:
    """One per node; a second one waits until the first has ended."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self._runtime = ProcessRuntime()
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="job")
        self._ending = ThreadPoolExecutor(max_workers=ENDING_THREADS, thread_name_prefix="ending")
        self._in_hand: set[str] = set()
        self._last: dict[str, float] = {}

    def run(self) -> None:
        """Look and act until told to stop; a database that is away is waited for."""
        lock = self._lock()
        try:
            while not self.stopping.is_set():
                close_old_connections()
                try:
                    self.step()
                except DatabaseFault as error:
                    logger.warning("The database does not answer: %s", error)
                    self.stopping.wait(2.0)
                self.stopping.wait(PERIOD)
        finally:
            for pool in (self._pool, self._ending):
                pool.shutdown(wait=False, cancel_futures=True)
            lock.close()

    def step(self) -> None:
        """Take one pass over everything that this node has to do."""
        if self._is_time("alive", SAY_ALIVE_EVERY):
            Node.objects.update_or_create(
                name=settings.NODE, defaults={"owner": str(myself()), "seen": timezone.now()}
            )
            take_over_orphans(queue=node_queue(settings.NODE))
            repair()
        watch.look_after(self._runtime)
        self._begin_jobs()
        if self._is_time("aliases", FOLLOW_ALIASES_EVERY):
            follow_aliases()
        if self._is_time("strangers", STRANGERS_EVERY):
            self._end_strangers()

    def _begin_jobs(self) -> None:
        due = Job.objects.filter(
            queue=node_queue(settings.NODE), status=Job.Status.QUEUED, due__lte=timezone.now()
        )
        for row in due.order_by("due"):
            key = str(row.pk)
            if key not in self._in_hand:
                self._in_hand.add(key)
                pool = self._ending if row.kind == UNDEPLOY else self._pool
                pool.submit(self._run_job, key)

    def _run_job(self, key: str) -> None:
        try:
            jobs.run(key)
        except DatabaseFault as error:
            logger.warning("Job %s stopped because the database does not answer: %s", key, error)
        finally:
            self._in_hand.discard(key)
            close_old_connections()

    def _end_strangers(self) -> None:
        rows = ModelServer.objects.filter(node=settings.NODE, status__in=ModelServer.RUNNING)
        known = set(rows.values_list("pk", flat=True))
        killed = self._runtime.kill_strangers(known)
        if killed:
            logger.warning("%d model servers that nobody asked for were ended.", killed)

    def _is_time(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now - self._last.get(what, float("-inf")) < every:
            return False
        self._last[what] = now
        return True

    def _lock(self) -> IO[bytes]:
        """Wait for the lock that keeps a second agent of this node out."""
        file = (socket_folder() / "agent.lock").open("wb")
        while not self.stopping.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self.stopping.wait(1.0)
            else:
                break
        return file


def end_local_servers() -> int:
    """End every model server of this node, leaving desired state as it is.

    For the end of `manage.py up`: the next start brings them back. Idle ones end at once; requests
    in flight get `END_PATIENCE` seconds. Returns how many model servers were killed after that.
    """
    return ProcessRuntime().end_all(patience=END_PATIENCE)
