"""Bringing a release into service: environment → files → start → proof → switch.

Every step sees first what is there already, so that it can be cut off and run again anywhere. The
version that serves goes on until the new one has proven itself.
"""

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.errors import ConflictError, PortalError
from core.jobs import JobRun
from core.jobs.runner import JobLost
from core.models import Job, Revision
from core.transitions import try_move
from deployments import environments, files, requirements
from deployments.agent.watch import stop_patience
from deployments.errors import ModelStartError
from deployments.models import Deployment, Environment, ModelServer, Release
from deployments.runtimes import ProcessRuntime
from deployments.runtimes.process import socket_path
from deployments.services.events import ROUTES, note
from modelserver.client import ModelServerDown, call
from modelserver.frames import FrameError
from registry import selectors as registry
from registry import services as registry_services
from registry.client import MlflowClient
from registry.models import ModelVersion

PAUSE = 0.1
UNDEPLOY_GRACE = timedelta(minutes=1)
"""How much longer than a model server may take to stop the end of all of them is waited for."""

Status = Release.Status


def roll_out(run: JobRun) -> dict[str, Any]:
    """Bring the release of the job live, or fail it with a cause that people can read."""
    release = Release.objects.select_related("deployment").get(pk=run.arguments["release"])
    if release.status == Status.FAILED:
        again = "Restart the deployment, or replace its version, to try again."
        raise ConflictError(release.error, hint=f"{release.hint} {again}".strip(), permanent=True)
    if release.status not in Release.COMING:
        run.log(f"{release} is {release.status} already.")
        return {"status": release.status}
    try:
        server = _bring_up(run, release)
        _switch(run, release, server)
    except Superseded:
        Release.objects.filter(pk=release.pk, status__in=Release.COMING).update(
            status=Status.REPLACED, ended=timezone.now()
        )
        raise
    except JobLost:
        # Taken over: whoever has the job now goes on with the release.
        if Job.objects.filter(pk=run.job.pk, status=Job.Status.CANCELLED).exists():
            fail(release, cancelled(release))
        raise
    except PortalError as error:
        if not error.permanent and run.job.attempts < run.job.max_attempts:
            raise
        fail(release, error)
        raise
    return {"status": release.status, "release": release.number}


def undeploy(run: JobRun) -> dict[str, Any]:
    """End every release of the deployment and wait until no process of it is left."""
    row = Deployment.objects.get(pk=run.arguments["deployment"])
    now = timezone.now()
    if not _end_releases(row):
        return _deployed_again(run, row)
    running = ModelServer.objects.filter(release__deployment=row, status__in=ModelServer.RUNNING)
    while running.exists():
        run.check()
        if Deployment.objects.filter(pk=row.pk, wanted=True).exists():
            return _deployed_again(run, row)
        if timezone.now() - now > stop_patience() + UNDEPLOY_GRACE:
            raise PortalError(f"{row.name} has model servers that do not end.")
        time.sleep(PAUSE)
    run.log("No process and no socket is left.")
    note(row, "Undeployed: no process and no socket is left.", tone="idle")
    return {"status": "stopped"}


@transaction.atomic
def _end_releases(row: Deployment) -> bool:
    """End what serves, or should, under the name; False if it is wanted again."""
    # Locked, so that a deploy at this moment comes before all of it or after all of it.
    if Deployment.objects.select_for_update(no_key=True).get(pk=row.pk).wanted:
        return False
    now = timezone.now()
    row.releases.filter(status__in=Release.COMING).update(status=Status.STOPPED, ended=now)
    row.releases.filter(status=Status.LIVE).update(status=Status.DRAINING, drains_since=now)
    Revision.bump(ROUTES)
    return True


def _deployed_again(run: JobRun, row: Deployment) -> dict[str, Any]:
    run.log(f"{row.name} was deployed again meanwhile.")
    return {"status": "deployed again"}


def _bring_up(run: JobRun, release: Release) -> ModelServer:
    """Return the release's model server, live."""
    say = _Sayer(run, release)
    server = release.servers.filter(status__in=ModelServer.RUNNING).first()
    if server is None:
        version = _version(release)
        try_move(release, from_=Status.PENDING, to=Status.BUILDING)
        environment = _environment(version, say)
        folder = files.fetch(version, log=say)
        _still_target(release)
        server = _server(release, environment, folder)
        say("Starting the model server.")
    return _wait_until_live(run, release, server, say)


@transaction.atomic
def _server(release: Release, environment: Environment, folder: Path) -> ModelServer:
    """Return the row of the release's one model server, for the watch to start.

    The move locks the release: of two that carry out a job which was taken over, one makes it.
    """
    if not try_move(release, from_=Release.COMING, to=Status.STARTING, environment=environment):
        raise _superseded(release)
    there = release.servers.filter(status__in=ModelServer.RUNNING).first()
    return there or ModelServer.objects.create(
        release=release,
        node=settings.NODE,
        model_path=str(folder),
        python=str(environments.python_of(environment)),
    )


def _version(release: Release) -> ModelVersion:
    """Return the registry's row of the version, with its files read."""
    version = registry.version(release.model_name, release.version)
    if version.details is None:
        with MlflowClient() as mlflow:
            registry_services.read_details(version, mlflow)
    if version.details is None:
        raise ModelStartError(version.problem or f"{version} cannot be read.", permanent=True)
    return version


def _environment(version: ModelVersion, say: "_Sayer") -> Environment:
    details = version.details or {}
    wanted = requirements.checked(
        version.requirements, mlflow_version=str(details.get("mlflow_version", ""))
    )
    return environments.ensure(
        requirements=wanted,
        python_version=str(details.get("python_version", "")),
        modules=list(details.get("loader_modules", [])),
        log=say,
    )


def _wait_until_live(
    run: JobRun, release: Release, server: ModelServer, say: "_Sayer"
) -> ModelServer:
    """Wait for the watch, which starts the process and sees when it has proven itself."""
    runtime, told = ProcessRuntime(), 0
    while True:
        run.check()
        _still_target(release)
        server.refresh_from_db()
        steps = runtime.progress(server)
        for step in steps[told:]:
            if step.message and step.step != "failed":
                say(step.message)
        told = len(steps)
        if server.status == ModelServer.Status.LIVE:
            return server
        if server.status not in ModelServer.RUNNING:
            raise ModelStartError(
                f"Version {release.version} does not start: {server.problem or 'no output'}",
                hint="Does it load with mlflow.pyfunc.load_model in a fresh environment made of "
                "its requirements.txt? Its output is on the deployment's page.",
                permanent=True,
            )
        time.sleep(PAUSE)


def _describe(server: ModelServer) -> dict[str, Any]:
    """Return what the live model server says about its model."""
    try:
        described: dict[str, Any] = call(socket_path(server.pk), "describe", timeout=30.0).json()
    except (ModelServerDown, TimeoutError, FrameError, ValueError) as error:
        raise ModelStartError(f"The model server does not say what it serves: {error}") from error
    return described


def _switch(run: JobRun, release: Release, server: ModelServer) -> None:
    """Let the release take the traffic, and the ones before it drain."""
    description = _describe(server)
    now = timezone.now()
    with transaction.atomic():
        # Whatever is asked for from here on waits, and finds this release live.
        row = Deployment.objects.select_for_update(no_key=True).get(pk=release.deployment_id)
        if row.target_id != release.pk:
            raise _superseded(release)
        if not try_move(
            release,
            from_=Status.STARTING,
            to=Status.LIVE,
            went_live=now,
            description=description,
            error="",
            hint="",
        ):
            raise _superseded(release)
        older = row.releases.filter(number__lt=release.number)
        older.filter(status=Status.LIVE).update(status=Status.DRAINING, drains_since=now)
        older.filter(status__in=Release.COMING).update(status=Status.REPLACED, ended=now)
        Deployment.objects.filter(pk=row.pk).update(current=release)
        Revision.bump(ROUTES)
        note(row, f"Version {release.version} is live.", release=release, tone="ok")
    run.log(f"Version {release.version} is live.")


def cancelled(release: Release) -> PortalError:
    """Return why a release whose job a person cancelled has failed."""
    return ConflictError(
        f"Bringing up version {release.version} was cancelled.",
        hint="Restart the deployment, or replace its version, to try again.",
        permanent=True,
    )


def fail(release: Release, error: PortalError) -> None:
    """Give up a release that is on its way, and say why; the one that serves goes on."""
    with transaction.atomic():
        failed = try_move(
            release,
            from_=Release.COMING,
            to=Status.FAILED,
            error=error.message,
            hint=error.hint,
            ended=timezone.now(),
        )
        if failed:
            note(release.deployment, str(error), release=release, tone="bad")


def _still_target(release: Release) -> None:
    target = Deployment.objects.filter(pk=release.deployment_id).values_list("target", flat=True)
    if target.first() != release.pk:
        raise _superseded(release)


class Superseded(ConflictError):
    """The release on its way is not wanted any more."""


def _superseded(release: Release) -> Superseded:
    return Superseded(
        f"{release} is not wanted any more: something newer was asked for.", permanent=True
    )


class _Sayer:
    """Tells a step to the job's lines and to the deployment's log."""

    def __init__(self, run: JobRun, release: Release) -> None:
        self._run = run
        self._release = release

    def __call__(self, text: str) -> None:
        self._run.log(text)
        note(self._release.deployment, text, release=self._release, tone="busy")
