"""The loop of the node agent: one pass, jobs in threads, one agent at a time."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import InterfaceError, OperationalError

from core.jobs import JobRun, kinds
from core.jobs.kinds import job
from core.models import Job
from deployments.agent import loop
from deployments.agent.loop import Agent
from deployments.models import Node
from deployments.services.desired import UNDEPLOY
from tests.deployments.agent.fake_runtime import FakeRuntime
from tests.factories import a_deployment, a_job
from tests.waiting import wait_for

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agent(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: LazySettings
) -> Iterator[Agent]:
    settings.DATA = tmp_path
    monkeypatch.setattr(loop, "ProcessRuntime", lambda: runtime)
    monkeypatch.setattr(loop, "PERIOD", 0.01)
    monkeypatch.setattr(kinds, "_kinds", dict(kinds._kinds))
    found = Agent()
    yield found
    found.stopping.set()
    found._pool.shutdown(wait=True)
    found._ending.shutdown(wait=True)


def test_a_pass_says_that_the_node_lives(agent: Agent) -> None:
    agent.step()
    node = Node.objects.get()
    assert node.name == "testnode"
    assert node.is_heard


def test_jobs_of_the_node_run_side_by_side_and_those_of_others_do_not(agent: Agent) -> None:
    together = threading.Barrier(2, timeout=10)
    job("tests.node", title="Work of the node")(lambda run: together.wait() and None)
    ours = [a_job(kind="tests.node", queue="node.testnode") for _ in range(2)]
    other = a_job(kind="tests.node", queue="node.elsewhere")
    agent.step()
    agent.step()
    wait_for(lambda: Job.objects.filter(status="succeeded").count() == len(ours))
    other.refresh_from_db()
    assert other.status == "queued"


def test_what_ends_does_not_wait_for_models_that_load(agent: Agent) -> None:
    """As many slow models as there are threads kept an undeployment waiting for minutes."""
    release = threading.Event()
    kinds._kinds.pop(UNDEPLOY, None)
    job("tests.load", title="Load")(lambda run: release.wait(10) and None)
    job(UNDEPLOY, title="Undeploy")(lambda run: None)
    for _ in range(loop.THREADS + 1):
        a_job(kind="tests.load", queue="node.testnode")
    ending = a_job(kind=UNDEPLOY, queue="node.testnode")
    agent.step()
    wait_for(lambda: Job.objects.filter(pk=ending.pk, status="succeeded").exists())
    assert not Job.objects.filter(kind="tests.load", status="succeeded").exists()
    release.set()


def test_the_oldest_job_is_begun_first(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[str] = []
    monkeypatch.setattr(agent._pool, "submit", lambda run, key: begun.append(key))
    rows = [a_job(kind="tests.node", queue="node.testnode") for _ in range(3)]
    agent.step()
    assert begun == [str(row.pk) for row in rows]


def test_a_job_is_begun_once_however_often_the_loop_looks(agent: Agent) -> None:
    release = threading.Event()
    begun: list[str] = []

    def work(run: JobRun) -> None:
        begun.append(str(run.job.pk))
        release.wait(10)

    job("tests.node", title="Work of the node")(work)
    a_job(kind="tests.node", queue="node.testnode")
    for _ in range(5):
        agent.step()
    release.set()
    wait_for(lambda: Job.objects.filter(status="succeeded").exists())
    assert len(begun) == 1


def test_processes_that_no_row_knows_are_ended(agent: Agent, runtime: FakeRuntime) -> None:
    server = a_deployment().releases.get().servers.get()
    runtime.processes.clear()
    runtime.start(server)
    stranger = type(server)(pk=server.pk + 1)
    runtime.start(stranger)
    agent._end_strangers()
    assert runtime.alive[0] == server.pk
    assert not runtime.processes[stranger.pk].alive


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_is_away_is_waited_for(
    agent: Agent, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    passes: list[int] = []

    def step() -> None:
        passes.append(1)
        if len(passes) == 1:
            raise error("away")
        agent.stopping.set()

    waits: list[float] = []
    real = agent.stopping.wait
    monkeypatch.setattr(agent.stopping, "wait", lambda s=None: waits.append(s) or real(0.001))
    monkeypatch.setattr(agent, "step", step)
    agent.run()
    assert len(passes) == 2
    assert 2.0 in waits


def test_a_second_agent_waits_until_the_first_has_ended(agent: Agent, runtime: FakeRuntime) -> None:
    first = agent._lock()
    second = Agent()
    got: list[object] = []
    thread = threading.Thread(target=lambda: got.append(second._lock()))
    thread.start()
    time.sleep(0.1)
    assert got == []
    first.close()
    thread.join(5)
    assert len(got) == 1
    got[0].close()  # type: ignore[attr-defined]
