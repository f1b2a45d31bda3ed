"""Deployments of a node that is silent: taken over by whoever asks for the next act."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core.models import Revision
from deployments import selectors
from deployments.models import Deployment, ModelServer, Node
from deployments.services import deploy, follow_aliases, restart, undeploy
from tests.factories import a_deployment, a_model, a_version

pytestmark = pytest.mark.django_db


@pytest.fixture
def orphan(db: None) -> Deployment:
    """Return a live deployment of a node that reported an hour ago for the last time."""
    a_version(model="wine")
    row = a_deployment(name="wine")
    ModelServer.objects.update(node="old-host")
    Deployment.objects.update(node="old-host")
    Node.objects.create(name="old-host", seen=timezone.now() - timedelta(hours=1))
    row.refresh_from_db()
    return row


def test_a_restart_moves_it_to_this_node_and_says_so(orphan: Deployment) -> None:
    before = Revision.current("routes")
    job = restart(deployment=orphan, actor=None)
    orphan.refresh_from_db()
    assert (orphan.node, job.queue) == ("testnode", "node.testnode")
    assert ModelServer.objects.get().status == "stopped", "its agent ends it should it come back"
    assert Revision.current("routes") > before
    texts = [event.text for event in orphan.events.order_by("pk")]
    assert texts[0] == "Moved from node old-host, which is silent, to testnode."


def test_an_undeployment_does_not_wait_for_the_silent_node(orphan: Deployment) -> None:
    assert undeploy(deployment=orphan, actor=None).queue == "node.testnode"


def test_an_undeployed_name_is_taken_up_again_here(orphan: Deployment) -> None:
    Deployment.objects.update(wanted=False)
    row, job = deploy(model="wine", version="1", actor=None)
    assert (row.node, job.queue) == ("testnode", "node.testnode")


def test_a_node_that_reports_keeps_its_deployments(orphan: Deployment) -> None:
    Node.objects.update(seen=timezone.now())
    assert restart(deployment=orphan, actor=None).queue == "node.old-host"
    assert ModelServer.objects.get().status == "live"
    assert selectors.silence_of(selectors.deployment("wine")) == ""
    assert selectors.status_of(selectors.deployment("wine")) == "live"


def test_an_alias_is_followed_by_the_node_itself_alone(orphan: Deployment) -> None:
    """Or two agents would each release what it moved to, and move what is only restarting."""
    a_version(model="wine", version="2")
    a_model(name="wine", aliases={"champion": "2"})
    Deployment.objects.update(alias="champion")
    assert follow_aliases() == []
    Deployment.objects.update(node="testnode")
    assert len(follow_aliases()) == 1


@pytest.mark.parametrize("annotated", [True, False])
def test_the_silence_is_said_with_and_without_the_lists_annotation(
    orphan: Deployment, annotated: bool
) -> None:
    row = selectors.deployment("wine") if annotated else orphan
    assert selectors.status_of(row) == "unknown"
    assert "No agent of node old-host has reported since" in selectors.silence_of(row)
    row.wanted = False
    assert selectors.silence_of(row) == ""
