"""Mending what a live release is served from, when its environment or its files are gone.

A removed folder is seen before each start, a damaged environment when a start has failed. While a
job mends it nothing is started; when the job fails, the model server's own back-off asks anew.
"""

from pathlib import Path
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from core import jobs
from core.errors import NotFoundError, PortalError
from core.jobs import JobRun
from core.jobs.kinds import node_queue
from core.models import Job
from deployments import environments, files
from deployments.models import ModelServer, Release
from deployments.services.desired import MEND
from deployments.services.events import note
from registry import selectors as registry


def missing(server: ModelServer) -> str:
    """Return in words what must be there for `server` to start and is not; quick."""
    environment = server.release.environment
    if environment is None:
        return ""
    if not environments.is_there(environment):
        return f"its {environment} is gone or was never finished"
    if not Path(server.model_path).is_dir():
        return f"the files of version {server.release.version} are gone"
    return ""


def is_damaged(server: ModelServer) -> bool:
    """Say whether the environment is not what it was built as; reads every file's size and time."""
    environment = server.release.environment
    return environment is not None and environments.damage_of(environment) != ""


def is_under_way(server: ModelServer) -> bool:
    """Say whether a job mends what `server` needs."""
    return _jobs(server).filter(status__in=Job.OPEN).exists()


def request(server: ModelServer) -> Job:
    """Write the job that mends what `server` needs."""
    return jobs.enqueue(
        MEND,
        subject=server.release.deployment.subject,
        arguments={"server": server.pk},
        trigger=Job.Trigger.SYSTEM,
        queue=node_queue(server.node),
    )


def mend(run: JobRun) -> dict[str, Any]:
    """Build the environment again, fetch the files again: whichever is not as it was.

    Raises:
        PortalError: the package index or MLflow does not have it, or does not answer.
    """
    servers = ModelServer.objects.select_related("release__deployment", "release__environment")
    server = servers.get(pk=run.arguments["server"])
    release = server.release

    def say(text: str) -> None:
        run.log(text)
        note(release.deployment, text, release=release, tone="busy")

    try:
        mended = _mend(server, say)
    except PortalError as error:
        text = f"What version {release.version} needs cannot be put right: {error}"
        note(release.deployment, text, release=release, tone="bad")
        raise
    waiting = ModelServer.objects.filter(pk=server.pk, status=ModelServer.Status.RESTARTING)
    waiting.update(next_start=timezone.now())
    if not mended:
        run.log("Everything is as it was built.")
    return {"mended": mended}


def _mend(server: ModelServer, say: environments.Log) -> bool:
    release, built = server.release, False
    if release.environment is not None:
        built = environments.mend(release.environment, modules=_modules(release), log=say)
    if Path(server.model_path).is_dir():
        return built
    say(f"The files of version {release.version} are gone; they are fetched again.")
    files.fetch(registry.version(release.model_name, release.version), log=say)
    return True


def _modules(release: Release) -> list[str]:
    """Return what is imported once at the end of a build, as the rollout did."""
    try:
        details = registry.version(release.model_name, release.version).details or {}
    except NotFoundError:
        # Gone from the registry, and still served: only the first start is slower for it.
        return []
    return list(details.get("loader_modules", []))


def _jobs(server: ModelServer) -> QuerySet[Job]:
    return Job.objects.filter(kind=MEND, arguments={"server": server.pk})
