"""REST of deployments: the same services, their refusals, and no query more for more rows."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from core.models import Job
from deployments.models import Deployment, Node, Release
from tests.conftest import Api
from tests.factories import a_deployment, a_model, a_server, a_version

pytestmark = pytest.mark.django_db

BASE = "/api/v1/deployments"


@pytest.fixture
def wine(db: None) -> None:
    for version in ("1", "2"):
        a_version(model="wine", version=version)
    a_model(name="wine", aliases={"champion": "2"})


def test_deploying_is_answered_with_its_job(wine: None, api: Api, olga: User) -> None:
    answer = api(olga, "deploy").post(BASE, {"model": "wine", "alias": "champion"})
    assert answer.status_code == 202, answer.content
    job = Job.objects.get()
    assert answer.json() == {"job": f"/api/v1/jobs/{job.pk}", "status": "queued"}
    row = Deployment.objects.get()
    assert row.target is not None
    assert (row.name, row.alias, row.target.version) == ("wine", "champion", "2")


def test_a_deployment_tells_what_serves_and_what_is_asked_for(api: Api, vera: User) -> None:
    row = a_deployment(name="Wein für Ä")
    row.target = row.releases.create(number=2, model_name="wine", version="2", status="building")
    row.save()
    answer = api(vera, "read").get(f"{BASE}/Wein%20f%C3%BCr%20%C3%84")
    body = answer.json()
    assert (body["name"], body["status"], body["version"]) == ("Wein für Ä", "live", "1")
    assert (body["target"]["version"], body["target"]["status"]) == ("2", "building")
    assert body["url"].endswith("/models/Wein%20f%C3%BCr%20%C3%84/invocations")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"model": "wine"}, 400),
        ({"model": "wine", "version": "1", "alias": "champion"}, 400),
        ({"model": "wine", "version": "9"}, 404),
        ({"model": "wine", "version": "1", "name": "a/b"}, 400),
        ({"model": "", "version": "1"}, 400),
    ],
)
def test_what_cannot_be_deployed_is_refused(
    wine: None, api: Api, olga: User, body: dict[str, str], status: int
) -> None:
    answer = api(olga).post(BASE, body)
    assert answer.status_code == status, answer.content
    assert not Deployment.objects.exists()


def test_a_version_is_replaced_and_an_alias_followed(wine: None, api: Api, olga: User) -> None:
    a_deployment(version="1")
    client = api(olga)
    assert client.patch(f"{BASE}/wine", {"version": "2"}).status_code == 202
    assert client.patch(f"{BASE}/wine", {"alias": "champion"}).status_code == 202
    assert Deployment.objects.get().alias == "champion"


def test_opening_is_answered_with_the_deployment(api: Api, olga: User) -> None:
    a_deployment()
    answer = api(olga).patch(f"{BASE}/wine", {"public": True})
    assert (answer.status_code, answer.json()["public"]) == (200, True)


def test_a_change_of_nothing_is_refused(api: Api, olga: User) -> None:
    a_deployment()
    answer = api(olga).patch(f"{BASE}/wine", {})
    assert answer.status_code == 400
    assert answer.json()["message"] == "Nothing to change."


@pytest.mark.parametrize("act", ["restart", "rollback"])
def test_acts_are_jobs_or_refusals(wine: None, api: Api, olga: User, act: str) -> None:
    row = a_deployment(version="2")
    row.releases.create(number=9, model_name="wine", version="1", status="replaced")
    Release.objects.filter(number=9).update(number=0, went_live=row.created)
    assert api(olga).post(f"{BASE}/wine/{act}").status_code == 202
    assert api(olga).post(f"{BASE}/none/{act}").status_code == 404


def test_undeploying_twice_is_a_conflict(api: Api, olga: User) -> None:
    a_deployment()
    client = api(olga)
    assert client.delete(f"{BASE}/wine").status_code == 202
    answer = client.delete(f"{BASE}/wine")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert client.get(BASE).json()["count"] == 0
    assert client.get(f"{BASE}?all=1").json()["count"] == 1


def test_a_silent_node_is_told_with_the_next_step(api: Api, vera: User) -> None:
    a_deployment()
    assert (
        api(vera)
        .get(f"{BASE}/wine")
        .json()["problem"]
        .startswith("No agent of node testnode has ever reported. Start it")
    )
    Node.objects.create(name="testnode")
    assert api(vera).get(BASE).json()["results"][0]["problem"] == ""


def test_history_events_and_output_are_lists(api: Api, vera: User) -> None:
    row = a_deployment()
    row.events.create(text="It happened.")
    client = api(vera)
    assert client.get(f"{BASE}/wine/versions").json()["results"][0]["number"] == 1
    assert client.get(f"{BASE}/wine/events").json()["results"][0]["text"] == "It happened."
    assert client.get(f"{BASE}/wine/logs").json() == {"lines": []}


def _queries(client: Any, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(path).status_code == 200
    return len(seen)


@pytest.mark.parametrize(
    "path", [BASE, "/api/v1/jobs", "/api/v1/models", f"{BASE}/n0/versions", f"{BASE}/n0/events"]
)
def test_a_list_of_thirty_asks_as_often_as_one_of_ten(api: Api, olga: User, path: str) -> None:
    client = api(olga)
    client.get("/api/v1/me")

    def add(count: int, start: int) -> None:
        for number in range(start, start + count):
            row = a_deployment(name=f"n{number}")
            Release.objects.filter(deployment=row).update(actor=olga)
            a_version(model=f"n{number}")
            first = Deployment.objects.get(name="n0")
            release = first.releases.create(
                number=number + 2, model_name="n", version="1", status="replaced", actor=olga
            )
            a_server(release=release, status="stopped")
            first.events.create(text="x", release=release)
            Job.objects.create(kind="core.cleanup", queue="portal", actor=olga)

    add(10, 0)
    ten = _queries(client, path)
    add(20, 10)
    assert _queries(client, f"{path}?page_size=100") == ten
