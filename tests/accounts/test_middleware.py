"""`Idempotency-Key` on POSTs to REST: a retry creates nothing twice."""

import threading
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from accounts.models import ApiToken, User
from accounts.services import revoke_token
from core.models import IdempotentRequest
from deployments.models import Deployment
from registry.models import UploadedDataset
from tests import people
from tests.conftest import Api
from tests.factories import a_version

pytestmark = pytest.mark.django_db

DEPLOY = {"model": "wine", "version": "1"}


@pytest.fixture
def wine(db: None) -> None:
    a_version(model="wine")


def _deploy(client: APIClient, key: str = "k-1", **body: str) -> Any:
    return client.post("/api/v1/deployments", DEPLOY | body, headers={"idempotency-key": key})


def test_a_retry_gets_the_first_answer_and_creates_nothing(
    wine: None, api: Api, olga: User
) -> None:
    client = api(olga)
    first = _deploy(client)
    again = _deploy(client)
    assert first.status_code == again.status_code == 202, first.content
    assert again.content == first.content
    assert again["Content-Type"] == first["Content-Type"]
    assert "Idempotent-Replay" not in first
    assert again["Idempotent-Replay"] == "true"
    assert Deployment.objects.get().releases.count() == 1


def test_without_a_key_each_post_counts(wine: None, api: Api, olga: User) -> None:
    client = api(olga)
    assert client.post("/api/v1/deployments", DEPLOY).status_code == 202
    assert client.post("/api/v1/deployments", DEPLOY).status_code == 409


def test_the_same_key_for_another_body_is_refused(wine: None, api: Api, olga: User) -> None:
    client = api(olga)
    _deploy(client)
    answer = _deploy(client, name="other")
    assert answer.status_code == 409
    assert answer.json()["code"] == "conflict"
    assert Deployment.objects.count() == 1


def test_the_same_key_for_another_address_is_refused(wine: None, api: Api, olga: User) -> None:
    client = api(olga)
    _deploy(client)
    answer = client.post("/api/v1/deployments/wine/restart", headers={"idempotency-key": "k-1"})
    assert answer.status_code == 409


def test_a_key_belongs_to_its_caller(wine: None, api: Api, olga: User, ada: User) -> None:
    _deploy(api(olga))
    assert _deploy(api(ada)).status_code == 409, "deployed already, and no replay"
    assert IdempotentRequest.objects.count() == 1


def test_a_refusal_that_a_retry_cannot_overcome_is_replayed(api: Api, olga: User) -> None:
    client = api(olga)
    assert _deploy(client, model="odd").status_code == 404
    a_version(model="odd")
    again = _deploy(client, model="odd")
    assert again.status_code == 404
    assert again["Idempotent-Replay"] == "true"


def test_who_may_not_is_refused_each_time_and_nothing_is_kept(
    wine: None, api: Api, vera: User
) -> None:
    client = api(vera)
    assert _deploy(client).status_code == 403
    assert _deploy(client).status_code == 403
    assert not IdempotentRequest.objects.exists()


def test_nobody_is_asked_for_credentials(wine: None, api: Api) -> None:
    assert _deploy(api()).status_code == 401
    assert not IdempotentRequest.objects.exists()


def test_a_revoked_token_gets_no_replay(wine: None, olga: User) -> None:
    token, secret = people.row_and_token_of(olga, "admin")
    client = APIClient(headers={"authorization": f"Bearer {secret}"})
    assert _deploy(client).status_code == 202
    revoke_token(token=token, actor=None)
    assert _deploy(client).status_code == 401


def test_the_request_of_a_session_is_replayed_too(as_olga: Client, wine: None) -> None:
    body = {"name": "ci", "scopes": ["read"]}
    first, again = (
        as_olga.post(
            "/api/v1/tokens",
            body,
            content_type="application/json",
            headers={"idempotency-key": "k-9"},
        )
        for _ in range(2)
    )
    assert first.status_code == 201, first.content
    assert again.json() == first.json()
    assert ApiToken.objects.count() == 1
    kept = IdempotentRequest.objects.get()
    assert first.json()["token"].encode() not in bytes(kept.answer or b"")


def test_an_uploaded_file_counts_by_its_content_not_by_its_boundary(
    wine: None, api: Api, olga: User
) -> None:
    client = api(olga)

    def upload(content: bytes) -> Any:
        return client.post(
            "/api/v1/models/wine/versions/1/baseline",
            {"file": SimpleUploadedFile("d.csv", content)},
            format="multipart",
            headers={"idempotency-key": "k-2"},
        )

    first = upload(b"pH,b\n1,2\n")
    assert first.status_code == 201, first.content
    assert first.json()["rows"] == 1, "the view reads the file after the middleware did"
    again = upload(b"pH,b\n1,2\n")
    assert again["Idempotent-Replay"] == "true"
    assert upload(b"pH,b\n1,3\n").status_code == 409
    assert UploadedDataset.objects.count() == 1


@pytest.mark.parametrize("key", ["x" * 201, "ü", "tab\there"])
def test_an_odd_key_is_refused_by_name(wine: None, api: Api, olga: User, key: str) -> None:
    answer = api(olga).post("/api/v1/deployments", DEPLOY, HTTP_IDEMPOTENCY_KEY=key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["message"]


def test_a_form_that_cannot_be_read_is_refused(wine: None, api: Api, olga: User) -> None:
    answer = api(olga).generic(
        "POST",
        "/api/v1/models/wine/versions/1/baseline",
        b"no boundary",
        content_type="multipart/form-data",
        headers={"idempotency-key": "k"},
    )
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "invalid"


def test_pages_and_reads_know_no_keys(as_olga: Client) -> None:
    as_olga.get("/api/v1/me", headers={"idempotency-key": "k"})
    as_olga.post("/profile/appearance/", {"theme": "dark"}, headers={"idempotency-key": "k"})
    assert not IdempotentRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_duplicates_that_arrive_together_create_once() -> None:
    a_version(model="wine")
    secret = people.token_of(people.olga(), "deploy")
    start = threading.Barrier(6)
    statuses: list[int] = []

    def send() -> None:
        try:
            client = APIClient(headers={"authorization": f"Bearer {secret}"})
            start.wait()
            answer = _deploy(client)
            while answer.status_code == 409:
                assert answer["Retry-After"] == "1", answer.content
                answer = _deploy(client)
            statuses.append(answer.status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [202] * 6
    assert Deployment.objects.get().releases.count() == 1
