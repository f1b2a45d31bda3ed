"""Looking after model servers: one step per server and pass, each safe to repeat.

The agent may be killed between any two lines: the next pass sees the same rows and processes and
goes on from there.
"""

import logging
import os
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.models import Revision
from core.transitions import try_move
from deployments.agent import mend
from deployments.models import Deployment, ModelServer, Release
from deployments.runtimes import Runtime
from deployments.runtimes.protocol import Progress
from deployments.services.events import ROUTES, note

logger = logging.getLogger(__name__)

GATEWAYS_NOTICE = timedelta(seconds=2)
"""How long after a switch the old servers stay, so that every gateway has read the new routes."""

STOP_GRACE = timedelta(seconds=5)
"""How much longer than a prediction may take a model server is waited for once it is stopped."""

LOADING_AT_ONCE = max(2, os.cpu_count() or 1)
"""Model servers that may load at a time: more would only take the processors from each other until
all of them pass PORTAL_LOAD_TIMEOUT together."""

STEADY = timedelta(seconds=60)
LONGEST_BACK_OFF = timedelta(seconds=60)

Status = ModelServer.Status


def stop_patience() -> timedelta:
    """Return how long a model server may take to answer what is in flight and end."""
    patience: timedelta = settings.PREDICT_TIMEOUT + STOP_GRACE
    return patience


def look_after(runtime: Runtime) -> None:
    """Take one step for every model server of this node that needs one."""
    servers = (
        ModelServer.objects.filter(node=settings.NODE, status__in=ModelServer.RUNNING)
        .select_related("release__deployment", "release__environment")
        .order_by("pk")
    )
    for server in servers:
        if server.status != Status.STOPPING and not _is_wanted(server):
            _begin_to_stop(server, runtime)
        elif server.status == Status.STARTING:
            _starting(server, runtime)
        elif server.status == Status.LIVE:
            _live(server, runtime)
        elif server.status == Status.RESTARTING:
            _restarting(server)
        else:
            _stopping(server, runtime)
    _end_drained()


def _is_wanted(server: ModelServer) -> bool:
    release = server.release
    if release.status == Release.Status.DRAINING and release.drains_since is not None:
        return timezone.now() - release.drains_since < GATEWAYS_NOTICE
    return release.status in Release.SERVED


def _starting(server: ModelServer, runtime: Runtime) -> None:
    if not server.owner:
        if _loading() >= LOADING_AT_ONCE:
            return
        if server.release.status == Release.Status.LIVE and not _can_start(server, runtime):
            return
        # A process may have been started just before an agent died, which could not write it down.
        try:
            owner = runtime.find(server) or runtime.start(server)
        except OSError as error:
            # Its environment is gone, or the machine has no room for another process: that is
            # this server's trouble and must not keep the others from being looked after.
            _did_not_start(server, runtime, f"The process cannot be started: {error}")
            return
        _set(server, owner=owner, started=timezone.now())
        return
    steps = runtime.progress(server)
    last = steps[-1] if steps else Progress(step="")
    if last.step == "failed":
        _did_not_start(server, runtime, f"{last.error_type}: {last.message}".strip(": "))
    elif not runtime.is_alive(server):
        _did_not_start(server, runtime, _last_words(server, runtime))
    elif last.step == "ready":
        _is_ready(server)
    elif server.started and timezone.now() - server.started > settings.LOAD_TIMEOUT:
        runtime.kill(server)
        seconds = settings.LOAD_TIMEOUT.total_seconds()
        why = f"The model had not loaded after {seconds:.0f} seconds (PORTAL_LOAD_TIMEOUT)."
        _did_not_start(server, runtime, why)


def _loading() -> int:
    rows = ModelServer.objects.filter(node=settings.NODE, status=Status.STARTING)
    return rows.exclude(owner="").count()


def _can_start(server: ModelServer, runtime: Runtime) -> bool:
    """Say whether what a server that once served needs is there; if not, have it mended."""
    if mend.is_under_way(server):
        return False
    missing = mend.missing(server)
    if missing:
        _restart(server, runtime, missing)
        mend.request(server)
    return not missing


def _is_ready(server: ModelServer) -> None:
    with transaction.atomic():
        if not try_move(
            server, from_=Status.STARTING, to=Status.LIVE, live_since=timezone.now(), problem=""
        ):
            return
        Revision.bump(ROUTES)
        if server.release.status == Release.Status.LIVE:
            text = f"Version {server.release.version} answers again."
            note(server.release.deployment, text, release=server.release, tone="ok")


def _live(server: ModelServer, runtime: Runtime) -> None:
    if not runtime.is_alive(server):
        _restart(server, runtime, _last_words(server, runtime))
        return
    if not runtime.socket(server).exists():
        _restart(server, runtime, "its socket was removed")
        return
    stuck = runtime.stuck_for(server)
    # Whoever waited has had a 504 long ago; only a new process gets rid of what still computes.
    if stuck > 2 * settings.PREDICT_TIMEOUT.total_seconds():
        _restart(server, runtime, f"one prediction kept it busy for {stuck:.0f} seconds")


def _restarting(server: ModelServer) -> None:
    if server.next_start <= timezone.now():
        try_move(server, from_=Status.RESTARTING, to=Status.STARTING, owner="", started=None)


def _begin_to_stop(server: ModelServer, runtime: Runtime) -> None:
    if not server.owner:
        _set(server, owner=runtime.find(server))
    if try_move(server, from_=ModelServer.RUNNING, to=Status.STOPPING, next_start=timezone.now()):
        Revision.bump(ROUTES)
        runtime.ask_to_stop(server)


def _stopping(server: ModelServer, runtime: Runtime) -> None:
    # `next_start` holds since when it stops: it will not start again.
    if runtime.is_alive(server) and timezone.now() - server.next_start < stop_patience():
        runtime.ask_to_stop(server)
        return
    if runtime.remains(server):
        # Its own time is over, or it left children behind.
        runtime.kill(server)
        return
    runtime.clean_up(server)
    try_move(server, from_=Status.STOPPING, to=Status.STOPPED, owner="")


def _did_not_start(server: ModelServer, runtime: Runtime, why: str) -> None:
    """A server that once served is tried again; one that never did is a failed release."""
    if server.release.status == Release.Status.LIVE:
        _restart(server, runtime, why)
        if mend.is_damaged(server) and not mend.is_under_way(server):
            mend.request(server)
        return
    runtime.kill(server)
    try_move(server, from_=Status.STARTING, to=Status.FAILED, problem=why, owner="")
    runtime.clean_up(server)


def _restart(server: ModelServer, runtime: Runtime, why: str) -> None:
    runtime.kill(server)
    now = timezone.now()
    # Of a process that died before it was live, `live_since` tells of an earlier one.
    since = server.live_since if server.status == Status.LIVE else None
    lived = now - since if since is not None else timedelta(0)
    restarts = 0 if lived > STEADY else server.restarts
    wait = min(timedelta(seconds=2**restarts - 1), LONGEST_BACK_OFF)
    with transaction.atomic():
        moved = try_move(
            server,
            from_=(Status.LIVE, Status.STARTING),
            to=Status.RESTARTING,
            restarts=restarts + 1,
            next_start=now + wait,
            problem=why,
        )
        if moved:
            Revision.bump(ROUTES)
            when = f"in {wait.total_seconds():.0f} s" if wait else "now"
            text = f"The model server ended ({why}); it is started again {when}."
            note(server.release.deployment, text, release=server.release, tone="bad")


def _last_words(server: ModelServer, runtime: Runtime) -> str:
    """Return what a process that ended by itself wrote last, for people to read."""
    failed = [step for step in runtime.progress(server) if step.step == "failed"]
    if failed:
        return f"{failed[-1].error_type}: {failed[-1].message}".strip(": ")
    path = runtime.log_file(server)
    if not path.is_file():
        return "it wrote nothing"
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 4096))
        lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines()]
    last = next((line for line in reversed(lines) if line), "")
    return f"its last line was: {last[:500]}" if last else "it wrote nothing"


def _end_drained() -> None:
    """Close the releases that drained and whose servers have all ended."""
    draining = (
        Release.objects.filter(status=Release.Status.DRAINING, deployment__node=settings.NODE)
        .exclude(servers__status__in=ModelServer.RUNNING)
        .select_related("deployment")
    )
    for release in draining:
        end = Release.Status.REPLACED if release.deployment.wanted else Release.Status.STOPPED
        with transaction.atomic():
            if try_move(release, from_=Release.Status.DRAINING, to=end, ended=timezone.now()):
                Deployment.objects.filter(pk=release.deployment_id, current=release).update(
                    current=None
                )
                text = f"Version {release.version} (release {release.number}) has ended."
                note(release.deployment, text, release=release, tone="idle")


def _set(server: ModelServer, **fields: object) -> None:
    ModelServer.objects.filter(pk=server.pk).update(**fields)
    for name, value in fields.items():
        setattr(server, name, value)
