"""The home page."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from core import audit
from core.models import Job
from deployments.models import ModelServer, Node
from deployments.services.events import note
from mlopsportal import home
from monitoring.models import Alarm, Check
from registry.models import RegistryState
from tests import people
from tests.factories import a_deployment, a_job, a_model, a_prediction, a_release, a_version
from tests.pages import faults_of, query_count, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def node() -> Node:
    """Return the node of the tests, heard of right now."""
    return Node.objects.create(name="testnode", seen=timezone.now())


def concerns() -> list[tuple[str, str, str]]:
    """Return state, cause and whose of what needs somebody."""
    return [(c.status, c.what, c.about) for c in home.gather().concerns]


def a_failed_job(**fields: object) -> Job:
    values = {"kind": "monitoring.check", "subject": "deployment:wine", "status": "failed"}
    ended = {"error": "No wheel.", "finished": timezone.now()}
    return a_job(**(values | ended | fields))


# ---- the beginning -----------------------------------------------------------------------------


def test_an_empty_portal_says_what_to_do_first(as_olga: Client) -> None:
    response = as_olga.get("/")
    text = text_of(response)
    assert "First steps" in text
    assert "export MLFLOW_TRACKING_URI=http://127.0.0.1:8000/mlflow" in text
    assert "export MLFLOW_TRACKING_TOKEN=" in text
    assert b'href="/profile/"' in response.content
    assert faults_of(response) == []


def test_once_a_model_is_there_the_next_step_is_to_deploy_it(as_olga: Client) -> None:
    a_model(name="wine")
    response = as_olga.get("/")
    assert "1 is there: wine" in text_of(response)
    assert b'href="/deployments/new/"' in response.content
    assert faults_of(response) == []


def test_a_viewer_is_not_asked_to_deploy(as_vera: Client) -> None:
    a_model(name="wine")
    assert "Deploy…" not in text_of(as_vera.get("/"))
    a_deployment(name="wine")
    assert "Deploy…" not in text_of(as_vera.get("/"))


# ---- the figures -------------------------------------------------------------------------------


def test_the_figures_count_deployments_predictions_and_alarms(as_vera: Client) -> None:
    drifting = a_deployment(name="drifting")
    a_version(model="drifting")
    check = Check.objects.create(
        deployment=drifting,
        version=a_version(model="drifting"),
        window="week",
        end=timezone.now(),
        status="drifting",
        headline="2 of 11 columns changed",
        changed=["pH", "alcohol"],
        columns=11,
        method="thresholds",
    )
    Alarm.objects.create(deployment=drifting, cause="drift", title="pH moved", newest_check=check)
    a_deployment(name="coming", status="building")
    down = a_deployment(name="down")
    ModelServer.objects.filter(release__deployment=down).update(status="restarting")
    a_deployment(name="failed", status="failed")
    gone = a_deployment(name="gone", wanted=False)
    for name in ("drifting", "gone"):
        a_prediction(deployment=name, total_ms=20.0)
    response = as_vera.get("/")
    text = text_of(response)
    assert gone.name not in text
    assert "1 live · 1 on its way · 1 drifting · 2 down" in text
    assert "2 of 11 columns" in text
    assert "19 ms" in text
    assert "1 open" in text
    assert response.context["home"].traffic.requests == 2
    assert faults_of(response) == []


def test_the_page_takes_the_same_queries_for_10_and_30_deployments(as_vera: Client) -> None:
    def fill(start: int, stop: int) -> None:
        for number in range(start, stop):
            row = a_deployment(name=f"d{number}")
            note(row, "Something happened.")
            a_prediction(deployment=row.name)
            row.target = a_release(deployment=row, status="failed", error="No wheel.")
            row.save()
            audit.record("deployed", object=row.subject, actor=people.olga())

    RegistryState.load()
    fill(0, 10)
    ten = query_count(as_vera, "/")
    fill(10, 30)
    assert query_count(as_vera, "/") == ten


# ---- what needs somebody -----------------------------------------------------------------------


def test_when_all_is_well_it_says_so(as_vera: Client) -> None:
    a_deployment(name="wine")
    response = as_vera.get("/")
    assert "Nothing needs you. Every deployment answers, and no alarm is open." in (
        text_of(response)
    )
    assert faults_of(response) == []


def test_an_alarm_needs_somebody_until_it_is_acknowledged() -> None:
    alarm = Alarm.objects.create(
        deployment=a_deployment(name="wine"), cause="drift", title="pH lost its decimals"
    )
    assert concerns() == [("open", "pH lost its decimals", "wine")]
    Alarm.objects.filter(pk=alarm.pk).update(status="acknowledged")
    assert concerns() == []


def test_a_version_that_could_not_be_deployed_needs_somebody() -> None:
    row = a_deployment(name="wine")
    row.target = a_release(deployment=row, version="2", status="failed", error="No wheel.")
    row.save()
    assert concerns() == [("failed", "Version 2 could not be deployed. No wheel.", "wine")]


def test_a_model_server_that_ended_needs_somebody_while_it_is_not_back() -> None:
    row = a_deployment(name="wine")
    note(row, "The model server ended (no output); it is started again in 3 s.", tone="bad")
    assert concerns() == []
    ModelServer.objects.update(status="restarting")
    assert concerns() == [
        ("restarting", "The model server ended (no output); it is started again in 3 s.", "wine")
    ]


def test_mlflow_that_does_not_answer_needs_somebody() -> None:
    state = RegistryState.load()
    state.problem, state.last_read = "MLflow does not answer.", timezone.now()
    state.save()
    assert concerns() == [("down", "MLflow does not answer.", "MLflow")]


def test_a_registry_that_nobody_reads_needs_somebody() -> None:
    state = RegistryState.load()
    state.last_read = timezone.now() - home.SILENCE - timedelta(seconds=1)
    state.save()
    assert [(status, about) for status, _, about in concerns()] == [("unknown", "worker")]


def test_a_silent_node_needs_somebody_when_something_is_deployed_there(node: Node) -> None:
    Node.objects.update(seen=timezone.now() - timedelta(minutes=5))
    assert concerns() == []
    a_deployment(name="wine")
    assert [(status, about) for status, _, about in concerns()] == [("down", "testnode")]
    node.delete()
    assert [(status, about) for status, _, about in concerns()] == [("down", "testnode")]


def test_a_job_that_failed_needs_somebody_for_a_day_unless_it_ran_again() -> None:
    job = a_failed_job()
    assert concerns() == [("failed", "No wheel.", "wine")]
    a_job(kind="monitoring.check", subject="deployment:wine", status="succeeded")
    assert concerns() == []
    Job.objects.exclude(pk=job.pk).delete()
    Job.objects.update(finished=timezone.now() - timedelta(days=1, seconds=1))
    assert concerns() == []


def test_a_rollout_that_failed_is_told_once_by_its_deployment() -> None:
    a_failed_job(kind="deployments.rollout")
    assert concerns() == []


def test_what_waits_longest_comes_first(as_vera: Client) -> None:
    row = a_deployment(name="wine")
    now = timezone.now()
    a_failed_job(finished=now - timedelta(hours=1), error="second")
    for cause, title, hours in (("drift", "first", 2), ("metrics", "third", 0)):
        Alarm.objects.create(
            deployment=row, cause=cause, title=title, opened=now - timedelta(hours=hours)
        )
    assert [what for _, what, _ in concerns()] == ["first", "second", "third"]
    assert faults_of(as_vera.get("/")) == []


# ---- lately ------------------------------------------------------------------------------------


def test_lately_tells_who_did_what_to_models_and_deployments_alone(as_vera: Client) -> None:
    a_deployment(name="wine")
    audit.record("deployed", object="deployment:it's wine", actor=people.olga())
    audit.record("uploaded a training set", object="model:wine/3", actor=None)
    audit.record("imported", object="model:wine", actor=None)
    audit.record("logged in", object="user:ada", actor=people.ada())
    response = as_vera.get("/")
    text = text_of(response)
    assert (
        "now portal imported wine now portal uploaded a training set wine/3 "
        "now olga deployed it's wine"
    ) in text
    assert "logged in" not in text.partition("Lately")[2]
    assert [done.url for done in home.lately()] == [
        "/registry/wine/",
        "/registry/wine/versions/3/",
        "/deployments/it's%20wine/",
    ]
    assert faults_of(response) == []


def test_nobody_is_sent_to_the_login(as_nobody: Client) -> None:
    response = as_nobody.get("/")
    assert (response.status_code, response["Location"]) == (302, "/login/?next=/")
