"""Two things at once about one deployment: each ends as if one had come after the other.

Each test stops one thread at the point where the other can do the most harm. The other one then
either waits for it (which the tests see on PostgreSQL and SQLite alike) or finds what it did.
"""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connections, transaction

from core.jobs import JobRun
from core.models import Job, Revision
from deployments.agent import rollout
from deployments.models import Deployment, ModelServer, Release
from deployments.services import (
    deploy,
    desired,
    follow_aliases,
    roll_back,
    switch_version,
    undeploy,
)
from deployments.services.events import ROUTES, note
from tests.factories import a_deployment, a_model, a_release, a_server, a_version

pytestmark = pytest.mark.django_db(transaction=True)

MOMENT = 0.3
"""Seconds in which an act that does not wait would long have done its harm."""

Begin = Callable[[Callable[[], Any]], "Future[Any]"]


@pytest.fixture
def begin() -> Iterator[Begin]:
    """Return `begin(act)`: runs `act` in a thread with a database connection of its own."""
    with ThreadPoolExecutor(max_workers=4) as pool:

        def run(act: Callable[[], Any]) -> Any:
            try:
                return act()
            finally:
                connections.close_all()

        yield lambda act: pool.submit(run, act)


@pytest.fixture
def wine(db: None) -> Deployment:
    """Return a deployment of version 1, which is about to go live; there is a version 2."""
    for version in ("1", "2"):
        a_version(model="wine", version=version)
    return deploy(model="wine", version="1", actor=None)[0]


def _starting(row: Deployment) -> tuple[Release, ModelServer]:
    Release.objects.update(status="starting")
    row.refresh_from_db()
    assert row.target is not None
    return row.target, a_server(release=row.target, status="live")


class _Run(JobRun):
    """A run whose lines nobody reads."""

    def log(self, text: str) -> None:
        del text


def _run_of(kind: str) -> JobRun:
    return _Run(Job.objects.filter(kind=kind).latest("created"))


def _at(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Callable[[], Any]) -> None:
    """Do `act` once, just before `module.name` is called for the first time."""
    real, done = getattr(module, name), threading.Event()

    def before(*args: Any, **kwargs: Any) -> Any:
        if not done.is_set():
            done.set()
            act()
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, before)


def test_a_version_asked_for_at_the_moment_of_a_switch_is_not_thrown_away(
    wine: Deployment, begin: Begin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was: everything else on its way counted as older, and the newer one never came."""
    release, server = _starting(wine)
    monkeypatch.setattr(rollout, "_describe", lambda server: {})
    asked: list[Future[Any]] = []

    def ask() -> None:
        asked.append(begin(lambda: switch_version(deployment=wine, version="2", actor=None)))
        threading.Event().wait(MOMENT)

    _at(monkeypatch, rollout, "try_move", ask)
    rollout._switch(_run_of(desired.ROLLOUT), release, server)
    asked[0].result(10)
    wine.refresh_from_db()
    assert wine.target is not None
    assert (wine.target.version, wine.target.status) == ("2", "pending")
    assert wine.current == release
    release.refresh_from_db()
    assert release.status == "live"


def test_a_switch_leaves_newer_releases_alone(
    wine: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same without threads: a newer release that is not the target yet."""
    release, server = _starting(wine)
    newer = a_release(deployment=wine, version="2")
    monkeypatch.setattr(rollout, "_describe", lambda server: {})
    rollout._switch(_run_of(desired.ROLLOUT), release, server)
    newer.refresh_from_db()
    assert newer.status == "pending"


def test_an_undeployment_at_the_moment_of_a_switch_comes_before_or_after_it(
    wine: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    release, server = _starting(wine)

    def describe(server: ModelServer) -> dict[str, Any]:
        undeploy(deployment=wine, actor=None)
        return {}

    monkeypatch.setattr(rollout, "_describe", describe)
    with pytest.raises(rollout.Superseded):
        rollout._switch(_run_of(desired.ROLLOUT), release, server)
    wine.refresh_from_db()
    assert wine.current is None


def test_a_name_deployed_again_while_its_end_is_waited_for_is_left_to_the_new_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The wait saw the new release's server as one that does not end, and failed after minutes."""
    a_version(model="wine")
    row = a_deployment(name="wine")
    undeploy(deployment=row, actor=None)
    naps = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        assert len(naps) < 5, "it waits for what is wanted"
        if len(naps) == 1:
            _, job = deploy(model="wine", version="1", actor=None)
            a_server(release=Release.objects.get(pk=job.arguments["release"]))

    monkeypatch.setattr(rollout.time, "sleep", nap)
    assert rollout.undeploy(_run_of(desired.UNDEPLOY)) == {"status": "deployed again"}
    row.refresh_from_db()
    assert row.target is not None
    assert row.target.status == "pending"


def test_a_roll_back_while_an_alias_is_looked_at_holds(
    wine: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The follower wrote back the alias it had read, and with it the version rolled back from."""
    a_model(name="wine", aliases={"champion": "2"})
    Release.objects.update(status="live", went_live=wine.created)
    switch_version(deployment=wine, version="2", actor=None)
    second = Release.objects.get(version="2")
    Deployment.objects.update(current=second, alias="champion")
    Release.objects.update(status="live", went_live=wine.created)
    a_version(model="wine", version="3")
    a_model(name="wine", aliases={"champion": "3"})
    _at(monkeypatch, desired, "_follow", lambda: roll_back(deployment=wine, actor=None))
    assert follow_aliases() == []
    wine.refresh_from_db()
    assert wine.target is not None
    assert (wine.alias, wine.target.version) == ("", "1")


def test_two_that_follow_an_alias_at_once_release_it_once(
    wine: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_model(name="wine", aliases={"champion": "2"})
    Deployment.objects.update(alias="champion")
    other: list[Job] = []
    _at(monkeypatch, desired, "_follow", lambda: other.extend(follow_aliases()))
    assert follow_aliases() == []
    assert len(other) == 1
    assert Release.objects.filter(version="2").count() == 1


def test_a_rollout_carried_out_twice_makes_one_model_server(wine: Deployment) -> None:
    """Its job was taken over while the first agent only slept."""
    Release.objects.update(status="building")
    release = Release.objects.get()
    environment = rollout.Environment.objects.create(
        node="testnode", digest="d" * 64, python_version="3.11", lock=""
    )
    folder = rollout.Path("/nowhere")
    first = rollout._server(release, environment, folder)
    again = Release.objects.get()
    assert rollout._server(again, environment, folder) == first
    assert ModelServer.objects.count() == 1


@pytest.mark.skipif(
    "sqlite" in settings.DATABASES["default"]["ENGINE"],
    reason="SQLite has one lock, so that nobody can wait for each other.",
)
def test_a_line_about_a_deployment_and_a_change_of_it_do_not_wait_for_each_other(
    wine: Deployment, begin: Begin
) -> None:
    """The agent held the routes and wanted to write a line; the person held the deployment."""
    Revision.bump(ROUTES)
    agent_has_routes, person_has_row = threading.Event(), threading.Event()

    def agent() -> None:
        with transaction.atomic():
            Revision.bump(ROUTES)
            agent_has_routes.set()
            assert person_has_row.wait(10)
            threading.Event().wait(MOMENT)
            note(wine, "Version 1 answers again.")

    def person() -> None:
        assert agent_has_routes.wait(10)
        with transaction.atomic():
            desired._locked(wine)
            person_has_row.set()
            Revision.bump(ROUTES)

    for done in [begin(agent), begin(person)]:
        done.result(20)
    assert wine.events.filter(text="Version 1 answers again.").exists()
