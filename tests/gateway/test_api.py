"""REST of predictions and truths."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from asgiref.sync import async_to_sync

from accounts.models import User
from gateway.models import Truth
from tests.conftest import Api
from tests.factories import a_deployment, a_prediction, a_record
from tests.gateway.conftest import Write

pytestmark = pytest.mark.django_db

BASE = "/api/v1/deployments/wine"
NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def wine(write: Write) -> Write:
    a_deployment(name="wine")
    return write


def _content(answer: Any) -> bytes:
    assert answer.status_code == 200, answer.content

    async def collect() -> bytes:
        return b"".join([chunk async for chunk in answer.streaming_content])

    return async_to_sync(collect)()


def _rows(answer: Any) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(_content(answer)))


def test_every_form_is_a_download_of_its_type(api: Api, vera: User) -> None:
    a_prediction()
    client = api(vera, "read")
    for form, kind in (
        ("json", "application/json"),
        ("csv", "text/csv; charset=utf-8"),
        ("parquet", "application/vnd.apache.parquet"),
    ):
        answer = client.get(f"{BASE}/predictions?format={form}")
        assert answer["Content-Type"] == kind
        assert answer["Content-Disposition"] == f'attachment; filename="predictions.{form}"'
        assert len(_content(answer)) > 50


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"])
def test_a_day_is_the_day_of_the_zone_that_was_asked_for(api: Api, vera: User, zone: str) -> None:
    """The 29th of March 2026, on which the clocks of Berlin change."""
    begins = datetime(2026, 3, 29, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    ends = datetime(2026, 3, 30, tzinfo=ZoneInfo(zone)).astimezone(UTC)
    second = timedelta(seconds=1)
    for time, inside in ((begins - second, 0), (begins, 1), (ends - second, 1), (ends, 0)):
        a_prediction(time=time, request_id="in" if inside else "out")
    query = f"format=csv&from=2026-03-29&to=2026-03-30&tz={zone}"
    frame = _rows(api(vera).get(f"{BASE}/predictions?{query}"))
    assert list(frame["request_id"]) == ["in", "in"]


def test_a_version_and_a_window_narrow_it(api: Api, vera: User) -> None:
    now = datetime.now(tz=UTC)
    a_prediction(time=now, version="1")
    a_prediction(time=now, version="2", request_id="mine")
    a_prediction(time=now - timedelta(days=8), version="2")
    frame = _rows(api(vera).get(f"{BASE}/predictions?format=csv&window=week&version=2"))
    assert list(frame["request_id"]) == ["mine"]


def test_a_status_and_a_request_id_narrow_it(api: Api, vera: User) -> None:
    now = datetime.now(tz=UTC)
    for status in (200, 422, 503):
        a_prediction(time=now, status=status, request_id=f"r-{status}")
    old = a_prediction(time=now - timedelta(days=400), request_id="r-old")
    for query, found in (
        ("status=refused", ["r-422"]),
        ("status=failed&window=day", ["r-503"]),
        ("search=r-old&window=day", ["r-old"]),
        (f"search={old.pk}", ["r-old"]),
        ("search=r-old&status=failed", []),
    ):
        frame = _rows(api(vera).get(f"{BASE}/predictions?format=csv&{query}"))
        assert list(frame["request_id"]) == found, query


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("format=xlsx", 400),
        ("window=decade", 400),
        ("from=soon", 400),
        ("from=2026-01-02&to=2026-01-01", 400),
        ("tz=Mars&from=2026-01-01", 400),
        ("status=200", 400),
    ],
)
def test_a_range_or_form_that_is_none_is_refused(
    api: Api, vera: User, query: str, status: int
) -> None:
    answer = api(vera).get(f"{BASE}/predictions?{query}")
    assert (answer.status_code, answer.json()["code"]) == (status, "invalid")


def test_predictions_of_an_unknown_deployment_are_not_found(api: Api, vera: User) -> None:
    assert api(vera).get("/api/v1/deployments/none/predictions").status_code == 404


def test_truths_are_kept_and_counted(api: Api, olga: User, wine: Write) -> None:
    record = a_record()
    wine(record)
    answer = api(olga, "monitor").post(
        f"{BASE}/truths", [{"id": str(record.id), "row": 0, "value": 5}]
    )
    assert (answer.status_code, answer.json()) == (201, {"kept": 1})
    truth = Truth.objects.get()
    assert truth.given_by.startswith("olga#")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        None,
        [5],
        [{"row": 0, "value": 1}],
        [{"id": "x", "row": -1, "value": 1}],
        [{"id": "x", "row": "a", "value": 1}],
        [{"id": "x", "row": 0}],
        [{"id": {"a": 1}, "value": 1}],
        [{"id": "unknown", "value": 1}],
    ],
)
def test_truths_that_are_none_are_refused(api: Api, olga: User, body: Any) -> None:
    answer = api(olga).post(f"{BASE}/truths", body)
    assert answer.status_code == 400, answer.content
    assert answer.json()["message"]
    assert not Truth.objects.exists()


def test_only_who_may_monitor_gives_truths(api: Api, vera: User, olga: User) -> None:
    row = a_prediction()
    body = [{"id": str(row.pk), "value": 1}]
    assert api(vera).post(f"{BASE}/truths", body).status_code == 403
    assert api(olga, "deploy").post(f"{BASE}/truths", body).status_code == 403
    assert api(olga, "monitor").post(f"{BASE}/truths", body).status_code == 201
