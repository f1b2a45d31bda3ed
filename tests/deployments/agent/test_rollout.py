"""Bringing a release into service, and taking everything down: what the jobs end with."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core import jobs
from core.errors import PortalError
from core.models import Job, Revision
from deployments.agent import rollout
from deployments.errors import BuildError
from deployments.models import Deployment, Environment, ModelServer, Release
from deployments.runtimes.protocol import Progress
from deployments.services import deploy, switch_version, undeploy
from modelserver.client import ModelServerDown, Response
from tests.conftest import RunJobs
from tests.factories import a_deployment, a_server, a_version

pytestmark = pytest.mark.django_db

DESCRIPTION = {"mlflow_version": "3.17.0", "signature": {"inputs": [{"name": "pH"}]}}


class Machine:
    """What the rollout meets on its way: environment, files, the watch, the model server."""

    def __init__(self) -> None:
        self.build_error: PortalError | None = None
        self.watch_says = ModelServer.Status.LIVE
        self.problem = ""
        self.describe: Any = DESCRIPTION
        self.meanwhile: Callable[[], object] = lambda: None
        self.built = 0

    def ensure(self, **_: Any) -> Environment:
        self.built += 1
        if self.build_error is not None:
            raise self.build_error
        row, _ = Environment.objects.get_or_create(
            node="testnode", digest="d" * 64, defaults={"python_version": "3.11", "lock": ""}
        )
        return row

    def progress(self, server: ModelServer) -> list[Progress]:
        """As the watch would in the meantime, the server gets where it gets."""
        self.meanwhile()
        ModelServer.objects.filter(pk=server.pk).update(
            status=self.watch_says, problem=self.problem
        )
        server.refresh_from_db()
        return [Progress("import", "Importing."), Progress("load", "Loading.")]

    def call(self, *_: Any, **__: Any) -> Response:
        if isinstance(self.describe, BaseException):
            raise self.describe
        return Response(200, "application/json", json.dumps(self.describe).encode(), 0, 0, ())


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    found = Machine()
    monkeypatch.setattr(rollout.environments, "ensure", found.ensure)
    monkeypatch.setattr(rollout.environments, "python_of", lambda row: tmp_path / "python")
    monkeypatch.setattr(rollout.files, "fetch", lambda version, log: tmp_path)
    monkeypatch.setattr(rollout.ProcessRuntime, "progress", lambda _, s: found.progress(s))
    monkeypatch.setattr(rollout, "call", found.call)
    monkeypatch.setattr(rollout, "PAUSE", 0.0)
    return found


@pytest.fixture
def wine(db: None) -> Deployment:
    """Return a deployment whose version 1 was asked for."""
    a_version(model="wine", version="1")
    a_version(model="wine", version="2")
    return deploy(model="wine", version="1", actor=None)[0]


def _live(row: Deployment) -> Release:
    row.refresh_from_db()
    assert row.current is not None
    return row.current


def test_a_release_goes_live_step_by_step_and_gateways_are_told(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    before = Revision.current("routes")
    (job,) = run_jobs()
    assert job.status == "succeeded", job.error
    release = _live(wine)
    assert (release.status, release.version) == ("live", "1")
    assert release.description == DESCRIPTION
    assert release.went_live is not None
    assert Revision.current("routes") > before
    texts = [line.text for line in job.lines.all()]
    assert texts[-4:] == [
        "Starting the model server.",
        "Importing.",
        "Loading.",
        "Version 1 is live.",
    ]
    assert next(event.text for event in wine.events.all()) == "Version 1 is live."


def test_the_version_before_drains_when_the_new_one_is_live(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    run_jobs()
    first = _live(wine)
    switch_version(deployment=wine, version="2", actor=None)
    run_jobs()
    first.refresh_from_db()
    assert _live(wine).version == "2"
    assert first.status == "draining"
    assert first.drains_since is not None


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ({"build_error": BuildError("No wheel.", hint="Newer.", permanent=True)}, "No wheel."),
        (
            {"watch_says": "failed", "problem": "ModuleNotFoundError: xgboost"},
            "Version 2 does not start: ModuleNotFoundError: xgboost",
        ),
        ({"watch_says": "stopped"}, "Version 2 does not start"),
    ],
)
def test_a_version_that_fails_says_why_and_the_old_one_goes_on(
    machine: Machine, wine: Deployment, run_jobs: RunJobs, fault: dict[str, Any], words: str
) -> None:
    run_jobs()
    for name, value in fault.items():
        setattr(machine, name, value)
    switch_version(deployment=wine, version="2", actor=None)
    (job,) = run_jobs()
    assert job.status == "failed"
    assert words in job.error
    failed = Release.objects.get(version="2")
    assert failed.status == "failed"
    assert words in failed.error
    assert failed.hint == job.hint != ""
    assert _live(wine).version == "1"
    assert _live(wine).status == "live"
    event = wine.events.order_by("-pk")[0]
    assert event.tone == "bad"
    assert words in event.text


def test_what_may_pass_is_tried_again_and_the_release_stays_on_its_way(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    machine.build_error = BuildError("The package index cannot be reached.")
    (job,) = run_jobs()
    assert (job.status, job.attempts) == ("queued", 1)
    assert Release.objects.get().status == "building"
    machine.build_error = None
    Job.objects.update(due=job.created)
    (job,) = run_jobs()
    assert job.status == "succeeded"
    assert _live(wine).status == "live"


def test_after_its_last_attempt_the_release_has_failed(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    machine.build_error = BuildError("The package index cannot be reached.")
    for _ in range(3):
        Job.objects.update(due=wine.created)
        (job,) = run_jobs()
    assert job.status == "failed"
    assert Release.objects.get().error == "The package index cannot be reached."


@pytest.mark.parametrize(
    "error",
    [ModelServerDown("Ended.", sent=True), TimeoutError("late"), json.JSONDecodeError("", "", 0)],
)
def test_a_server_that_dies_right_after_it_was_ready_is_waited_for_again(
    machine: Machine, wine: Deployment, run_jobs: RunJobs, error: Exception
) -> None:
    machine.describe = error
    (job,) = run_jobs()
    assert job.status == "queued"
    assert "does not say what it serves" in job.error
    machine.describe = DESCRIPTION
    Job.objects.update(due=wine.created)
    run_jobs()
    assert _live(wine).status == "live"
    assert machine.built == 1, "what is there already is seen first"


def test_something_newer_that_was_asked_for_ends_the_older_rollout(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    machine.watch_says = ModelServer.Status.STARTING
    asked = threading.Event()

    def newer() -> None:
        if not asked.is_set():
            asked.set()
            switch_version(deployment=wine, version="2", actor=None)
            machine.watch_says = ModelServer.Status.LIVE

    machine.meanwhile = newer
    first, second = run_jobs()
    assert (first.status, second.status) == ("failed", "succeeded")
    assert "something newer was asked for" in first.error
    assert _live(wine).version == "2"
    assert Release.objects.get(version="1").status == "replaced"


def test_a_cancelled_rollout_gives_its_release_up(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    machine.watch_says = ModelServer.Status.STARTING
    machine.meanwhile = lambda: Job.objects.update(status=Job.Status.CANCELLED)
    (job,) = run_jobs()
    assert job.status == "cancelled"
    release = Release.objects.get()
    assert release.status == "failed"
    assert "was cancelled" in release.error


def test_a_rollout_that_was_taken_over_leaves_its_release_to_the_other(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    machine.watch_says = ModelServer.Status.STARTING
    machine.meanwhile = lambda: Job.objects.update(attempts=2, owner="elsewhere/b/1/1")
    (job,) = run_jobs()
    assert (job.status, job.attempts) == ("running", 2)
    assert Release.objects.get().status == "starting"


def test_running_a_failed_rollout_again_says_why_it_failed_and_what_to_do(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    machine.build_error = BuildError("No wheel.", hint="Newer.", permanent=True)
    (job,) = run_jobs()
    jobs.retry(job, actor=None)
    (again,) = run_jobs()
    assert (again.status, again.error) == ("failed", "No wheel.")
    assert "Restart the deployment" in again.hint


def test_a_rollout_run_again_after_it_went_live_does_nothing(
    machine: Machine, wine: Deployment, run_jobs: RunJobs
) -> None:
    (job,) = run_jobs()
    Job.objects.filter(pk=job.pk).update(status=Job.Status.QUEUED)
    (job,) = run_jobs()
    assert job.status == "succeeded"
    assert machine.built == 1


def test_undeploying_ends_every_release_and_waits_for_the_processes(
    run_jobs: RunJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = a_deployment()
    coming = row.releases.create(number=2, model_name="wine", version="2", status="starting")
    a_server(release=coming)
    undeploy(deployment=row, actor=None)
    looks = []

    def nap(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            ModelServer.objects.update(status=ModelServer.Status.STOPPED)

    monkeypatch.setattr(rollout.time, "sleep", nap)
    (job,) = run_jobs("deployments.undeploy")
    assert job.status == "succeeded", job.error
    assert len(looks) == 3
    assert set(row.releases.values_list("status", flat=True)) == {"draining", "stopped"}


def test_an_undeployed_name_that_was_deployed_again_meanwhile_stays(run_jobs: RunJobs) -> None:
    row = a_deployment()
    undeploy(deployment=row, actor=None)
    Deployment.objects.update(wanted=True)
    (job,) = run_jobs("deployments.undeploy")
    assert job.result == {"status": "deployed again"}
    assert row.releases.get().status == "live"
