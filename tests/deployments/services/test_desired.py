"""What should be served: every change is a new release with its job, or a refusal."""

import threading

import pytest
from django.db import connection

from accounts.models import User
from core.errors import ConflictError, InvalidError, NotFoundError
from core.models import AuditEntry, Job, Revision
from deployments.models import Deployment, Release
from deployments.services import (
    deploy,
    follow_aliases,
    restart,
    roll_back,
    set_public,
    switch_version,
    undeploy,
)
from tests.factories import a_deployment, a_model, a_release, a_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def wine(db: None) -> None:
    """Register versions 1, 2 and 3 of wine; champion is 2."""
    for version in ("1", "2", "3"):
        a_version(model="wine", version=version)
    a_model(name="wine", aliases={"champion": "2"})


def _live(row: Deployment) -> Release:
    """Let the target of `row` be what serves, as the agent would."""
    row.refresh_from_db()
    release = row.target
    assert release is not None
    row.releases.filter(status=Release.Status.LIVE).update(status=Release.Status.REPLACED)
    Release.objects.filter(pk=release.pk).update(
        status=Release.Status.LIVE, went_live=release.created
    )
    Deployment.objects.filter(pk=row.pk).update(current=release)
    row.refresh_from_db()
    release.refresh_from_db()
    return release


def test_deploying_asks_for_a_release_writes_it_down_and_enqueues_its_job(
    wine: None, olga: User
) -> None:
    row, job = deploy(model="wine", version="1", actor=olga)
    assert (row.name, row.node, row.wanted, row.alias) == ("wine", "testnode", True, "")
    release = row.target
    assert release is not None
    assert (release.number, release.version, release.status) == (1, "1", "pending")
    assert release.actor == olga
    assert (job.kind, job.queue) == ("deployments.rollout", "node.testnode")
    assert job.arguments == {"release": release.pk}
    assert job.subject == "deployment:wine"
    entry = AuditEntry.objects.get(action="deployed")
    assert (entry.actor, entry.object) == (olga, "deployment:wine")
    assert entry.after == {"model": "wine", "version": "1"}
    assert row.events.get().text == "Version 1 was asked for (deployed)."


def test_an_alias_is_what_it_stands_for_now(wine: None) -> None:
    row, _ = deploy(model="wine", alias="champion", name="best", actor=None)
    assert row.target is not None
    assert (row.name, row.alias, row.target.version) == ("best", "champion", "2")


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"model": "wine"}, InvalidError, "either a version or an alias"),
        ({"model": "wine", "version": "1", "alias": "a"}, InvalidError, "either a version or an"),
        ({"model": "beer", "version": "1"}, NotFoundError, "'beer' has no version '1'"),
        ({"model": "wine", "version": "9"}, NotFoundError, "'wine' has no version '9'"),
        ({"model": "wine", "alias": "best"}, NotFoundError, "no alias 'best'"),
        ({"model": "wine", "version": "1", "name": "a/b"}, InvalidError, "may not hold any of"),
        ({"model": "wine", "version": "1", "name": ".."}, InvalidError, "name may not"),
        ({"model": "wine", "version": "1", "name": "a\nb"}, InvalidError, "control characters"),
        ({"model": "wine", "version": "1", "name": "x" * 201}, InvalidError, "at most 200"),
    ],
)
def test_what_cannot_be_deployed_is_refused_and_nothing_is_written(
    wine: None, values: dict[str, str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        deploy(**values, actor=None)
    assert not Deployment.objects.exists()
    assert not Job.objects.exists()
    assert not AuditEntry.objects.exists()


def test_a_refusal_names_what_there_is(wine: None) -> None:
    with pytest.raises(NotFoundError) as caught:
        deploy(model="wine", version="9", actor=None)
    assert caught.value.hint in ("It has 3, 2, 1.", "It has 1, 2, 3.")
    with pytest.raises(NotFoundError) as caught:
        deploy(model="wine", alias="best", actor=None)
    assert caught.value.hint == "Its aliases: champion."


@pytest.mark.parametrize("name", ["a-b.c d", "Wein für Ä", "日本", "100,5", "...", "x" * 200])
def test_names_of_any_letters_are_taken(wine: None, name: str) -> None:
    row, _ = deploy(model="wine", version="1", name=name, actor=None)
    assert row.name == name


def test_a_name_that_serves_is_not_deployed_twice(wine: None) -> None:
    deploy(model="wine", version="1", actor=None)
    with pytest.raises(ConflictError, match="wine is deployed already"):
        deploy(model="wine", version="2", actor=None)
    assert Release.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_many_deploys_of_one_name_at_once_one_wins() -> None:
    a_version(model="wine")
    start = threading.Barrier(5)
    faults: list[Exception] = []

    def ask() -> None:
        try:
            start.wait()
            deploy(model="wine", version="1", actor=None)
        except ConflictError as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(faults) == 4
    assert Deployment.objects.get().releases.count() == 1
    assert Job.objects.count() == 1


def test_another_version_leaves_the_present_one_serving(wine: None, olga: User) -> None:
    row, _ = deploy(model="wine", alias="champion", actor=olga)
    first = _live(row)
    switch_version(deployment=row, version="3", actor=olga)
    row.refresh_from_db()
    assert row.target is not None
    assert (row.target.version, row.target.number, row.current) == ("3", 2, first)
    assert row.alias == "", "a version that was chosen is not followed away from"
    entry = AuditEntry.objects.get(action="version replaced")
    assert (entry.before, entry.after["version"]) == ({"version": "2"}, "3")


@pytest.mark.parametrize("act", [restart, roll_back, undeploy])
def test_what_is_not_deployed_takes_no_acts(wine: None, act: object) -> None:
    row = a_deployment(wanted=False)
    with pytest.raises(ConflictError, match="wine is not deployed"):
        act(deployment=row, actor=None)  # type: ignore[operator]
    with pytest.raises(ConflictError, match="wine is not deployed"):
        switch_version(deployment=row, version="1", actor=None)


def test_a_restart_is_a_new_release_of_what_serves(wine: None) -> None:
    row, _ = deploy(model="wine", version="1", actor=None)
    _live(row)
    switch_version(deployment=row, version="2", actor=None)
    restart(deployment=row, actor=None)
    row.refresh_from_db()
    assert row.target is not None
    assert (row.target.version, row.target.number, row.target.reason) == ("1", 3, "restarted")


def test_a_restart_of_a_version_that_is_gone_from_the_registry_is_refused(wine: None) -> None:
    row = a_deployment(version="7")
    with pytest.raises(NotFoundError, match="no version '7'"):
        restart(deployment=row, actor=None)


def test_rolling_back_goes_to_what_served_before_and_stops_following(wine: None) -> None:
    row, _ = deploy(model="wine", version="1", actor=None)
    _live(row)
    switch_version(deployment=row, version="3", actor=None)  # never live
    switch_version(deployment=row, alias="champion", actor=None)
    _live(row)
    roll_back(deployment=row, actor=None)
    row.refresh_from_db()
    assert row.target is not None
    assert (row.target.version, row.target.reason, row.alias) == ("1", "rolled back", "")


def test_there_is_nothing_to_roll_back_to_at_first(wine: None) -> None:
    row, _ = deploy(model="wine", version="1", actor=None)
    with pytest.raises(NotFoundError, match="never served another version"):
        roll_back(deployment=row, actor=None)
    _live(row)
    restart(deployment=row, actor=None)
    _live(row)
    with pytest.raises(NotFoundError, match="never served another version"):
        roll_back(deployment=row, actor=None)


def test_undeploying_is_a_wish_and_a_job_and_the_history_stays(wine: None, olga: User) -> None:
    row, _ = deploy(model="wine", version="1", actor=olga)
    _live(row)
    before = Revision.current("routes")
    job = undeploy(deployment=row, actor=olga)
    row.refresh_from_db()
    assert (row.wanted, row.target) == (False, None)
    assert row.releases.count() == 1
    assert (job.kind, job.arguments) == ("deployments.undeploy", {"deployment": row.pk})
    assert Revision.current("routes") > before, "gateways stop at once"
    assert AuditEntry.objects.filter(action="undeployed", actor=olga).exists()


def test_an_undeployed_name_is_taken_up_again_with_its_history(wine: None) -> None:
    row, _ = deploy(model="wine", version="1", actor=None)
    undeploy(deployment=row, actor=None)
    again, _ = deploy(model="wine", version="2", actor=None)
    assert again.pk == row.pk
    assert again.target is not None
    assert again.target.number == 2


def test_opening_to_everybody_is_written_down_and_gateways_are_told(olga: User) -> None:
    row = a_deployment()
    before = Revision.current("routes")
    set_public(deployment=row, public=True, actor=olga)
    assert Revision.current("routes") > before
    entry = AuditEntry.objects.get(action="opened to everybody")
    assert (entry.before, entry.after) == ({"public": False}, {"public": True})


def test_an_alias_that_moved_is_followed_once(wine: None) -> None:
    row, _ = deploy(model="wine", alias="champion", actor=None)
    _live(row)
    assert follow_aliases() == []
    a_model(name="wine", aliases={"champion": "3"})
    (job,) = follow_aliases()
    assert job.trigger == Job.Trigger.SYSTEM
    row.refresh_from_db()
    assert row.target is not None
    assert (row.target.version, row.alias) == ("3", "champion")
    assert follow_aliases() == [], "also while it is on its way"
    Release.objects.filter(pk=row.target.pk).update(status=Release.Status.FAILED)
    assert follow_aliases() == [], "a version that failed is not tried for ever"


def test_an_alias_that_is_gone_leaves_what_serves(wine: None) -> None:
    row, _ = deploy(model="wine", alias="champion", actor=None)
    _live(row)
    a_model(name="wine", aliases={})
    assert follow_aliases() == []
    a_model(name="wine", aliases={"champion": "77"})
    assert follow_aliases() == []


def test_only_what_is_wanted_and_follows_is_followed(wine: None) -> None:
    fixed, _ = deploy(model="wine", version="1", name="fixed", actor=None)
    gone, _ = deploy(model="wine", alias="champion", name="gone", actor=None)
    undeploy(deployment=gone, actor=None)
    a_model(name="wine", aliases={"champion": "3"})
    assert follow_aliases() == []
    assert fixed.releases.count() == 1


def test_undeployed_while_it_is_looked_at_is_no_error(
    wine: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, _ = deploy(model="wine", alias="champion", actor=None)
    a_model(name="wine", aliases={"champion": "3"})
    real = Deployment.objects.select_for_update

    def undeployed_first(**options: object) -> object:
        Deployment.objects.filter(pk=row.pk).update(wanted=False)
        return real(**options)

    monkeypatch.setattr(Deployment.objects, "select_for_update", undeployed_first)
    assert follow_aliases() == []


def test_release_numbers_of_a_deployment_are_its_own() -> None:
    one, two = a_deployment(name="one"), a_deployment(name="two")
    assert [a_release(deployment=one).number, a_release(deployment=two).number] == [2, 2]
