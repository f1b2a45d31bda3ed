"""Bodies of REST that are made to break the reader."""

import pytest
from django.test import Client

from accounts.models import User
from tests import people


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 200_000,
        b'{"a":' * 200_000,
        b"[" * 200_000 + b"]" * 200_000,
        b"9" * 10_000,
        b"\xff\xfe",
        b"",
    ],
)
def test_a_body_that_cannot_be_read_is_refused(body: bytes, olga: User) -> None:
    headers = {"authorization": f"Bearer {people.token_of(olga, 'admin')}"}
    client = Client(raise_request_exception=False)
    answer = client.post(
        "/api/v1/deployments", body, content_type="application/json", headers=headers
    )
    assert answer.status_code == 400, answer.content
    assert answer.json()["code"] == "invalid"
