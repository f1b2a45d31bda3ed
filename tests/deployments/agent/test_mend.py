"""What a live model is served from is gone or damaged: nothing is started until it is mended."""

from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings

from core.models import Job
from deployments import environments, files, manifest
from deployments.agent import mend, watch
from deployments.errors import BuildError
from deployments.models import Deployment, Environment, ModelServer, Release
from tests.conftest import RunJobs
from tests.deployments.agent.conftest import Clock
from tests.deployments.agent.fake_runtime import FakeRuntime
from tests.factories import a_deployment, a_version

pytestmark = pytest.mark.django_db


class Builds:
    """Builds environments as folders, or fails as it is told."""

    def __init__(self) -> None:
        self.count = 0
        self.error: BuildError | None = None

    def __call__(self, row: Environment, **_: Any) -> None:
        self.count += 1
        if self.error is not None:
            raise self.error
        python = environments.python_of(row)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()
        manifest.write(environments.folder_of(row), digest=row.digest)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> Builds:
    found = Builds()
    monkeypatch.setattr(environments, "_build", found)
    return found


@pytest.fixture
def server(
    builds: Builds,
    tmp_path: Path,
    settings: LazySettings,
    clock: Clock,
    runtime: FakeRuntime,
    monkeypatch: pytest.MonkeyPatch,
) -> ModelServer:
    """Return a live server whose environment and files are there."""
    settings.DATA = tmp_path
    monkeypatch.setattr(mend, "timezone", watch.timezone)  # the clock of the test for both
    a_version(model="wine")
    row = a_deployment(name="wine")
    environment = Environment.objects.create(
        node="testnode", digest="d" * 64, python_version="3.11", lock="", status="ready"
    )
    builds(environment)
    Release.objects.update(environment=environment)
    (tmp_path / "model").mkdir()
    ModelServer.objects.update(
        status="starting",
        model_path=str(tmp_path / "model"),
        python=str(environments.python_of(environment)),
    )
    found = ModelServer.objects.get()
    watch.look_after(runtime)
    runtime.says(found, "ready")
    assert _looked(runtime, found).status == "live"
    assert row.events.count() == 1
    return found


def _looked(runtime: FakeRuntime, server: ModelServer, times: int = 1) -> ModelServer:
    for _ in range(times):
        watch.look_after(runtime)
    return ModelServer.objects.select_related("release__environment").get(pk=server.pk)


def _environment(server: ModelServer) -> Environment:
    environment = server.release.environment
    assert environment is not None
    return environment


def _texts() -> str:
    return "\n".join(event.text for event in Deployment.objects.get().events.order_by("pk"))


def test_a_removed_environment_is_built_again_before_the_next_start(
    server: ModelServer, builds: Builds, runtime: FakeRuntime, run_jobs: RunJobs
) -> None:
    server = _looked(runtime, server)
    (environments.folder_of(_environment(server)) / manifest.MARKER).unlink()
    runtime.dies(server)
    server = _looked(runtime, server, 10)
    assert (runtime.starts, Job.objects.count()) == (1, 1), "nothing is started, asked for once"
    (job,) = run_jobs()
    assert (job.kind, job.status, builds.count) == ("deployments.mend", "succeeded", 2)
    server = _looked(runtime, server, 3)
    assert runtime.starts == 2
    runtime.says(server, "ready")
    assert _looked(runtime, server).status == "live"
    assert "its environment dddddddddddd is gone or was never finished" in _texts()
    assert "is not what it was built as (.complete is missing): it is built again." in _texts()


def test_a_damaged_environment_is_found_when_a_start_fails(
    server: ModelServer, builds: Builds, runtime: FakeRuntime, run_jobs: RunJobs
) -> None:
    server = _looked(runtime, server)
    environments.python_of(_environment(server)).write_text("garbage")
    runtime.dies(server)
    server = _looked(runtime, server, 3)
    assert not Job.objects.exists(), "what is only damaged is not looked for before a start"
    runtime.says(server, "failed", "No module named 'numpy'", "ModuleNotFoundError")
    _looked(runtime, server, 5)
    assert len(run_jobs()) == 1
    assert builds.count == 2
    assert "bin/python is changed" in _texts()


def test_a_start_that_fails_in_a_whole_environment_asks_for_nothing(
    server: ModelServer, builds: Builds, runtime: FakeRuntime
) -> None:
    runtime.dies(server)
    _looked(runtime, server, 3)
    runtime.says(server, "failed", "no memory", "MemoryError")
    _looked(runtime, server, 5)
    assert not Job.objects.exists()


def test_an_environment_that_cannot_be_built_again_is_asked_for_with_back_off(
    server: ModelServer, builds: Builds, runtime: FakeRuntime, run_jobs: RunJobs, clock: Clock
) -> None:
    builds.error = BuildError("The package index cannot be reached.", permanent=True)
    environments.python_of(_environment(_looked(runtime, server))).unlink()
    runtime.dies(server)
    for count in range(1, 4):
        _looked(runtime, server, 5)
        (job,) = run_jobs()
        assert (job.status, Job.objects.count()) == ("failed", count)
        if count > 1:
            _looked(runtime, server, 3)
            assert Job.objects.count() <= count + 1
        clock.pass_(seconds=120)
    assert "needs cannot be put right: The package index cannot be reached." in _texts()
    builds.error = None
    _looked(runtime, server, 5)
    run_jobs()
    clock.pass_(seconds=120)
    assert _looked(runtime, server, 3).owner
    assert runtime.starts == 2


def test_model_files_that_are_gone_are_fetched_again(
    server: ModelServer,
    runtime: FakeRuntime,
    run_jobs: RunJobs,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = Path(server.model_path)

    def fetch(version: object, log: object) -> Path:
        model.mkdir()
        return model

    monkeypatch.setattr(files, "fetch", fetch)
    model.rmdir()
    runtime.dies(server)
    assert "the files of version 1 are gone" in _looked(runtime, server, 5).problem
    (job,) = run_jobs()
    assert job.result == {"mended": True}
    _looked(runtime, server, 3)
    assert runtime.starts == 2


def test_what_is_whole_by_now_is_left(
    server: ModelServer, builds: Builds, run_jobs: RunJobs
) -> None:
    mend.request(server)
    (job,) = run_jobs()
    assert (job.result, builds.count) == ({"mended": False}, 1)
