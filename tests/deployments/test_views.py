"""Pages of deployments."""

import json
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from core import jobs
from core.models import Job
from deployments.models import Deployment, DeploymentEvent, Environment, Node, Release
from deployments.services.events import note
from tests import people
from tests.factories import a_deployment, a_model, a_prediction, a_release, a_server, a_version
from tests.pages import faults_of, query_count, text_of

pytestmark = pytest.mark.django_db

ODD = "Weinqualität v2.1 \u2013 rot"


def the_node_is_up() -> None:
    Node.objects.create(name="testnode", seen=timezone.now())


def a_failed_release(row: Deployment, **fields: object) -> Release:
    """Return a release of version 2 that failed, as the target of the deployment."""
    release = a_release(
        deployment=row,
        version="2",
        status="failed",
        error="The environment cannot be built: no wheel of scikit-learn 1.1.0.",
        hint="Register it again from a newer scikit-learn.",
        **fields,
    )
    row.target = release
    row.save()
    return release


# ---- the list ----------------------------------------------------------------------------------


def test_without_a_model_the_list_leads_to_models(as_olga: Client) -> None:
    response = as_olga.get("/deployments/")
    assert "Nothing is deployed, and no model is registered" in text_of(response)
    assert b'href="/registry/">How to register a model' in response.content
    assert faults_of(response) == []


def test_without_a_deployment_the_list_leads_to_a_version(as_olga: Client) -> None:
    a_model(name="wine")
    assert "No model is deployed" in text_of(as_olga.get("/deployments/"))


def test_a_deployment_is_listed_with_state_version_traffic_and_last_event(as_vera: Client) -> None:
    row = a_deployment(name="wine-live", model="wine", version="3", alias="champion", public=True)
    a_prediction(deployment="wine-live", total_ms=20.0)
    a_prediction(deployment="wine-live", total_ms=20.0, time=timezone.now() - timedelta(hours=3))
    note(row, "Version 2 is live.")
    note(row, "Version 3 is live.", tone="ok")
    the_node_is_up()
    response = as_vera.get("/deployments/")
    text = text_of(response)
    assert "live wine-live public wine v3 follows @champion" in text
    assert "2 19 ms Version 3 is live. now" in text
    assert faults_of(response) == []


def test_a_version_that_failed_beside_the_one_that_serves_is_shown(as_vera: Client) -> None:
    a_failed_release(a_deployment(name="wine"))
    assert "live v2 failed wine" in text_of(as_vera.get("/deployments/"))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Taxi", "wine"]),
        ("search=WIN", ["wine"]),
        ("search=demand", ["Taxi"]),
        ("status=building", ["Taxi"]),
        ("all=on", ["gone", "Taxi", "wine"]),
        ("all=on&status=stopped", ["gone"]),
        ("status=nonsense", ["Taxi", "wine"]),
    ],
)
def test_the_list_is_searched_and_filtered(query: str, names: list[str], as_vera: Client) -> None:
    a_deployment(name="wine")
    a_deployment(name="Taxi", model="demand", status="building")
    gone = a_deployment(name="gone", status="stopped", wanted=False)
    gone.target = None
    gone.save()
    page = as_vera.get(f"/deployments/?{query}").context["page"]
    assert [row.name for row in page] == names


def test_the_list_keeps_itself_fresh_while_something_is_under_way(as_vera: Client) -> None:
    a_deployment(name="wine")
    assert b'hx-trigger="every 3s"' not in as_vera.get("/deployments/").content
    a_deployment(name="taxi", status="starting")
    assert b'hx-get="/deployments/?search=t" hx-trigger="every 3s"' in (
        as_vera.get("/deployments/?search=t").content
    )


def test_the_list_takes_the_same_queries_for_10_and_30_deployments(as_vera: Client) -> None:
    def fill(start: int, stop: int) -> None:
        for number in range(start, stop):
            row = a_deployment(name=f"d{number}")
            note(row, "Something happened.")
            a_prediction(deployment=row.name)

    fill(0, 10)
    ten = query_count(as_vera, "/deployments/")
    fill(10, 30)
    assert query_count(as_vera, "/deployments/") == ten


# ---- one deployment ----------------------------------------------------------------------------


def test_the_page_says_how_to_call_it(as_vera: Client) -> None:
    a_deployment(name=ODD)
    response = as_vera.get(f"/deployments/{quote(ODD)}/")
    text = text_of(response)
    url = f"http://127.0.0.1:8000/models/{quote(ODD)}/invocations"
    assert f'curl {url} \\ -H "Authorization: Bearer $PORTAL_TOKEN"' in text
    assert '{"dataframe_split": {"columns": ["pH", "alcohol"], "data": [[0.0, 0.0]]}}' in text
    assert f"predict:{ODD}" in text
    assert faults_of(response) == []


def test_the_page_shows_releases_with_who_and_why(as_vera: Client) -> None:
    row = a_deployment(name="wine")
    a_release(deployment=row, version="1", status="replaced", reason="deployed")
    a_release(deployment=row, version="2", status="live", reason="rolled back", actor=people.olga())
    response = as_vera.get("/deployments/wine/")
    assert "v2 #3 live rolled back olga, now now v1 #2 replaced deployed the portal, now" in (
        text_of(response)
    )


def test_the_page_shows_the_environment(as_vera: Client) -> None:
    row = a_deployment(name="wine")
    environment = Environment.objects.create(
        node="testnode",
        digest="0123456789abcdef" * 4,
        python_version="3.11.7",
        lock="mlflow==3.17.0 \\\n    --hash=sha256:ab\nnumpy==2.2.6 \\\n    --hash=sha256:cd\n",
        status="ready",
        seconds=8.42,
        size=612_400_000,
    )
    Release.objects.filter(pk=row.current_id).update(environment=environment)
    text = text_of(as_vera.get("/deployments/wine/"))
    assert "Environment 0123456789ab Python 3.11.7 Packages 2 Size 612 MB Built in 8.4 s" in text
    assert "numpy==2.2.6" in text


def test_a_failed_release_says_why_what_to_do_and_what_goes_on_answering(as_vera: Client) -> None:
    a_failed_release(a_deployment(name="wine"))
    response = as_vera.get("/deployments/wine/")
    text = text_of(response)
    assert (
        "The environment cannot be built: no wheel of scikit-learn 1.1.0. "
        "Register it again from a newer scikit-learn. Version 1 goes on answering."
    ) in text
    assert "Version 2 did not come live" in text
    assert [step.state for step in response.context["standing"].steps] == [
        *("done", "failed", "todo", "todo")
    ]
    assert faults_of(response) == []


def test_the_output_of_the_model_server_is_shown_as_text(
    as_vera: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_deployment(name="wine")
    lines = ["<script>alert(1)</script>", "second"]
    monkeypatch.setattr("deployments.logs.tail", lambda row: lines)
    response = as_vera.get("/deployments/wine/")
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;\nsecond" in response.content
    assert faults_of(response) == []


def test_an_undeployed_one_keeps_its_history_and_can_be_deployed_again(as_olga: Client) -> None:
    row = a_deployment(name="wine", status="stopped", wanted=False)
    row.target = None
    row.save()
    response = as_olga.get("/deployments/wine/")
    text = text_of(response)
    assert "stopped" in text
    assert "whoever asks it is answered 404" in text
    assert "Undeploy…" not in text
    again = 'href="/deployments/new/?model=wine&amp;name=wine&amp;version=1"'
    assert again in response.content.decode()


def test_a_deployment_that_is_not_there_is_named(as_vera: Client) -> None:
    response = as_vera.get("/deployments/nothing/")
    assert response.status_code == 404
    assert "There is no deployment 'nothing'." in text_of(response)


def test_the_page_takes_the_same_queries_for_10_and_30_releases(as_vera: Client) -> None:
    row = a_deployment(name="wine")

    def fill(count: int) -> None:
        for _ in range(count):
            release = a_release(deployment=row, status="replaced", actor=people.olga())
            note(row, "Something happened.", release=release)

    fill(10)
    ten = query_count(as_vera, "/deployments/wine/")
    fill(20)
    assert query_count(as_vera, "/deployments/wine/") == ten


# ---- what changes by itself --------------------------------------------------------------------


def test_while_something_is_under_way_the_page_refreshes_every_two_seconds(
    as_vera: Client,
) -> None:
    the_node_is_up()
    row = a_deployment(name="wine", status="building")
    note(row, "Installing 61 packages.", tone="busy", release=row.target)
    page = as_vera.get("/deployments/wine/").content.decode()
    assert 'hx-get="/deployments/wine/live/?settled=False" hx-trigger="every 2s"' in page
    response = as_vera.get("/deployments/wine/live/?settled=False")
    assert "HX-Refresh" not in response
    assert b'id="deployment-state" hx-swap-oob="true"' in response.content
    assert "building environment" in text_of(response)
    assert "Environment and files" in text_of(response)
    assert text_of(response).count("Installing 61 packages.") == 2
    assert faults_of(response) == []


def test_a_settled_page_looks_again_now_and_then(as_vera: Client) -> None:
    a_deployment(name="wine")
    page = as_vera.get("/deployments/wine/").content.decode()
    assert 'hx-get="/deployments/wine/live/?settled=True" hx-trigger="every 15s"' in page
    assert "HX-Refresh" not in as_vera.get("/deployments/wine/live/?settled=True")


def test_the_page_is_loaded_again_when_it_settles_and_when_something_begins(
    as_vera: Client,
) -> None:
    a_deployment(name="wine")
    assert as_vera.get("/deployments/wine/live/?settled=False")["HX-Refresh"] == "true"
    a_deployment(name="taxi", status="starting")
    assert as_vera.get("/deployments/taxi/live/?settled=True")["HX-Refresh"] == "true"


def test_an_open_job_keeps_the_page_fresh(as_vera: Client) -> None:
    row = a_deployment(name="wine")
    jobs.enqueue("deployments.undeploy", subject=row.subject, queue="node.testnode")
    assert not as_vera.get("/deployments/wine/").context["standing"].is_settled


def test_a_node_that_is_silent_is_named_while_a_rollout_waits_for_it(as_vera: Client) -> None:
    a_deployment(name="wine", status="pending")
    words = "No agent of node testnode has ever reported. Start it: it runs in the role worker"
    for path in ("/deployments/wine/", "/deployments/"):
        assert words in text_of(as_vera.get(path))
    the_node_is_up()
    for path in ("/deployments/wine/", "/deployments/"):
        assert "No agent of node" not in text_of(as_vera.get(path))


def test_a_deployment_of_a_node_that_is_gone_is_not_called_live(as_vera: Client) -> None:
    a_deployment(name="wine")
    Deployment.objects.update(node="old-host")
    seen = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    Node.objects.create(name="old-host", seen=seen)
    page = as_vera.get("/deployments/wine/")
    assert page.context["standing"].status == "unknown"
    assert "No agent of node old-host has reported since 2026-01-02 03:04 UTC." in text_of(page)
    assert "restart the deployment to move it to this node, testnode." in text_of(page)


def test_all_events_are_listed_newest_first(as_vera: Client) -> None:
    row = a_deployment(name="wine")
    DeploymentEvent.objects.bulk_create(
        DeploymentEvent(deployment=row, text=f"event {number}.") for number in range(205)
    )
    response = as_vera.get("/deployments/wine/events/")
    assert [event.text for event in response.context["page"]][:2] == ["event 204.", "event 203."]
    assert len(response.context["page"]) == 200
    assert faults_of(response) == []


# ---- deploying ---------------------------------------------------------------------------------


def test_deploying_asks_for_the_model_first_when_there_are_several(as_olga: Client) -> None:
    a_version(model="wine")
    a_version(model="taxi")
    response = as_olga.get("/deployments/new/")
    assert [value for value, _ in response.context["form"].fields["model"].choices] == [
        *("taxi", "wine")
    ]
    assert faults_of(response) == []


def test_deploying_without_any_model_says_what_comes_first(as_olga: Client) -> None:
    assert "Before you can deploy a model" in text_of(as_olga.get("/deployments/new/"))


def test_the_form_comes_filled_with_version_and_name(as_olga: Client) -> None:
    a_model(name=ODD, aliases={"champion": "2"})
    a_version(model=ODD, version="1")
    a_version(model=ODD, version="2")
    response = as_olga.get("/deployments/new/", {"model": ODD, "version": "1"})
    form = response.context["form"]
    assert form.initial == {"name": ODD, "serve": "version:1"}
    assert dict(form.fields["serve"].choices)["Aliases"] == [
        ("alias:champion", "champion (now version 2)")
    ]
    assert faults_of(response) == []


@pytest.mark.parametrize(
    ("serve", "alias", "version"), [("version:2", "", "2"), ("alias:champion", "champion", "1")]
)
def test_a_version_or_an_alias_is_deployed(
    serve: str, alias: str, version: str, as_olga: Client
) -> None:
    a_model(name="wine", aliases={"champion": "1"})
    a_version(model="wine", version="1")
    a_version(model="wine", version="2")
    response = as_olga.post("/deployments/new/?model=wine", {"serve": serve, "name": ODD})
    row = Deployment.objects.get()
    assert response["Location"] == f"/deployments/{quote(ODD)}/"
    assert (row.name, row.alias, row.target.version) == (ODD, alias, version)
    assert row.target.actor == people.olga()
    assert Job.objects.get().kind == "deployments.rollout"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("wine", "wine is deployed already. Replace its version instead"),
        ("a/b", "A deployment's name may not hold any of / \\ : ? # % & ;"),
        ("new", "may not be new, a dot or two dots"),
        ("..", "may not be new, a dot or two dots"),
        ("100%", "may not hold any of / \\ : ? # % & ;"),
        ("", "This field is required."),
    ],
)
def test_a_name_that_cannot_be_used_is_refused_with_the_value_kept(
    name: str, says: str, as_olga: Client
) -> None:
    a_version(model="wine")
    a_deployment(name="wine")
    response = as_olga.post("/deployments/new/?model=wine", {"serve": "version:1", "name": name})
    assert response.status_code == 200
    assert says in text_of(response)
    assert f'value="{name}"' in response.content.decode() or not name
    assert Deployment.objects.count() == 1
    assert faults_of(response) == []


# ---- changing ----------------------------------------------------------------------------------


def test_a_version_is_replaced(as_olga: Client) -> None:
    a_deployment(name="wine")
    a_version(model="wine", version="1")
    a_version(model="wine", version="2")
    response = as_olga.get("/deployments/wine/replace/")
    assert response.context["form"].initial == {"serve": "version:1"}
    assert "Version 1 goes on answering until the new one has proven itself" in text_of(response)
    response = as_olga.post("/deployments/wine/replace/", {"serve": "version:2"})
    assert response["Location"] == "/deployments/wine/"
    row = Deployment.objects.get()
    assert (row.current.version, row.target.version) == ("1", "2")


def test_a_restart_is_asked_for(as_olga: Client) -> None:
    a_deployment(name="wine")
    a_version(model="wine", version="1")
    assert as_olga.post("/deployments/wine/restart/")["Location"] == "/deployments/wine/"
    assert Deployment.objects.get().target.reason == "restarted"


def a_deployment_with_a_past() -> Deployment:
    """Return a deployment of version 2 that served version 1 before, and follows an alias."""
    row = a_deployment(name="wine", version="1", alias="champion")
    Release.objects.update(status="replaced")
    release = a_release(deployment=row, version="2", status="live")
    a_server(release=release, status="live")
    row.current = row.target = release
    row.save()
    a_version(model="wine", version="1")
    a_version(model="wine", version="2")
    return row


def test_rolling_back_asks_first_and_says_what_will_happen(as_olga: Client) -> None:
    a_deployment_with_a_past()
    assert "Roll back…" in text_of(as_olga.get("/deployments/wine/"))
    response = as_olga.get("/deployments/wine/roll-back/")
    assert (
        "Version 1 (release 1) is brought back. Version 2 goes on until it has proven itself. "
        "The deployment no longer follows the alias champion."
    ) in text_of(response)
    assert Deployment.objects.get().target.version == "2"
    as_olga.post("/deployments/wine/roll-back/")
    row = Deployment.objects.get()
    assert (row.target.version, row.alias) == ("1", "")


def test_there_is_nothing_to_roll_back_to_without_a_past(as_olga: Client) -> None:
    a_deployment(name="wine")
    assert "Roll back…" not in text_of(as_olga.get("/deployments/wine/"))
    response = as_olga.get("/deployments/wine/roll-back/")
    assert response.status_code == 404
    assert "wine has never served another version." in text_of(response)


def test_undeploying_asks_for_the_name(as_olga: Client) -> None:
    a_deployment(name=ODD)
    url = f"/deployments/{quote(ODD)}/undeploy/"
    response = as_olga.get(url)
    assert f"Type {ODD} to confirm" in text_of(response)
    assert "answered 404" in text_of(response)
    assert faults_of(response) == []
    assert "is not" in text_of(as_olga.post(url, {"name": "wine"}))
    assert Deployment.objects.get().wanted
    assert as_olga.post(url, {"name": ODD})["Location"] == f"/deployments/{quote(ODD)}/"
    assert not Deployment.objects.get().wanted


def test_a_deployment_is_opened_to_everybody_after_asking_and_closed_again(
    as_olga: Client,
) -> None:
    a_deployment(name="wine")
    assert "without a token" in text_of(as_olga.get("/deployments/wine/public/"))
    assert not Deployment.objects.get().public
    response = as_olga.post("/deployments/wine/public/", follow=True)
    assert "wine answers everybody without a token." in text_of(response)
    assert "Authorization: Bearer" not in text_of(response)
    assert Deployment.objects.get().public
    as_olga.post("/deployments/wine/public/", {"public": "no"})
    assert not Deployment.objects.get().public


# ---- people and names --------------------------------------------------------------------------

ACTS = ["replace", "restart", "roll-back", "undeploy", "public"]


def test_a_viewer_sees_no_button_that_acts(as_vera: Client) -> None:
    a_deployment_with_a_past()
    for url in ("/deployments/", "/deployments/wine/"):
        text = text_of(as_vera.get(url))
        for word in ("Deploy…", "Replace…", "Restart", "Roll back…", "Undeploy…", "Make public…"):
            assert word not in text


@pytest.mark.parametrize("act", ACTS)
def test_a_viewer_may_do_none_of_it(act: str, as_vera: Client) -> None:
    a_deployment_with_a_past()
    before = Release.objects.count()
    data = {"serve": "version:1", "name": "wine"}
    assert as_vera.post(f"/deployments/wine/{act}/", data).status_code == 403
    assert Release.objects.count() == before
    row = Deployment.objects.get()
    assert (row.wanted, row.public) == (True, False)


def test_a_viewer_may_not_deploy(as_vera: Client) -> None:
    a_version(model="wine")
    assert as_vera.get("/deployments/new/?model=wine").status_code == 403
    data = {"serve": "version:1", "name": "wine"}
    assert as_vera.post("/deployments/new/?model=wine", data).status_code == 403
    assert not Deployment.objects.exists()


@pytest.mark.parametrize(
    "path", ["", "new/", "wine/", "wine/live/", "wine/events/", *(f"wine/{act}/" for act in ACTS)]
)
def test_nobody_is_sent_to_the_login(path: str, as_nobody: Client) -> None:
    a_deployment(name="wine")
    for response in (as_nobody.get(f"/deployments/{path}"), as_nobody.post(f"/deployments/{path}")):
        assert response.status_code == 302
        assert response["Location"].startswith("/login/?next=/deployments/")


@pytest.mark.parametrize("name", [ODD, "a b.c", "<script>alert(1)<", 'it\'s "quoted"', "日本"])
def test_a_deployment_of_any_name_has_its_pages(name: str, as_olga: Client) -> None:
    row = a_deployment(name=name, model=name)
    a_version(model=name)
    page = unescape(as_olga.get("/deployments/").content.decode())
    assert f'href="{row.get_absolute_url()}"' in page
    for path in ("", "events/", "live/", "replace/", "undeploy/", "public/"):
        response = as_olga.get(f"{row.get_absolute_url()}{path}")
        assert response.status_code == 200, path
        assert b"<script>alert" not in response.content
        assert faults_of(response) == []
    tabs = unescape(as_olga.get(row.get_absolute_url()).content.decode())
    assert f'href="/predictions/?deployment={quote(name, safe="")}"' in tabs
    assert f'href="{reverse("monitoring:deployment", args=[name])}"' in tabs


def test_the_example_of_the_model_is_the_body_of_the_call(as_vera: Client) -> None:
    row = a_deployment(name="wine")
    example = json.dumps({"dataframe_split": {"columns": ["pH"], "data": [[3.1], [3.2]]}})
    Release.objects.filter(pk=row.current_id).update(description={"example": example})
    text = text_of(as_vera.get("/deployments/wine/"))
    assert '{"dataframe_split": {"columns": ["pH"], "data": [[3.1]]}}' in text
