"""Pages of predictions."""

import csv
import io
import json
import uuid
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest
from asgiref.sync import async_to_sync
from django.http import StreamingHttpResponse
from django.test import Client
from django.utils import timezone

from gateway.models import Truth
from tests.factories import a_deployment, a_prediction, a_version
from tests.pages import faults_of, query_count, text_of

pytestmark = pytest.mark.django_db

ODD = "Weinqualität v2.1 \u2013 rot"


def shown(client: Client, **query: str) -> list[str]:
    """Return the ids of the predictions on the page that `query` asks for."""
    response = client.get("/predictions/", query)
    assert response.status_code == 200
    return [str(row.id) for row in response.context["page"]]


# ---- the list ----------------------------------------------------------------------------------


def test_without_a_deployment_the_list_leads_to_deployments(as_vera: Client) -> None:
    response = as_vera.get("/predictions/")
    assert "No prediction yet Nothing is deployed that could be asked for one." in (
        text_of(response)
    )
    assert faults_of(response) == []


def test_without_a_prediction_the_list_shows_how_to_ask_for_one(as_vera: Client) -> None:
    a_deployment(name="wine")
    text = text_of(as_vera.get("/predictions/"))
    assert "No prediction in this time" in text
    assert "curl http://127.0.0.1:8000/models/wine/invocations" in text


def test_a_prediction_is_listed_with_all_that_matters(as_vera: Client) -> None:
    a_deployment(name="wine")
    row = a_prediction(
        deployment="wine",
        version="3",
        rows=3,
        inputs='{"columns":["pH"],"data":[[3.1],[3.2],[3.3]]}',
        outputs='[1,0,"good"]',
        caller="shop#4",
        total_ms=12.34,
        findings=["pH lost its decimals"],
        time=timezone.now() - timedelta(minutes=5),
    )
    Truth.objects.create(prediction=row.pk, row=1, value=1)
    response = as_vera.get("/predictions/")
    assert (
        "5 min ago wine v3 answered 200 3 1, 0, good pH lost its decimals 12.3 ms shop#4 1 of 3"
    ) in text_of(response)
    assert f'href="/predictions/{row.pk}/"' in response.content.decode()
    assert faults_of(response) == []


def test_predictions_come_newest_first_a_page_at_a_time(as_vera: Client) -> None:
    a_deployment(name="wine")
    now = timezone.now()
    rows = [a_prediction(time=now - timedelta(minutes=n)) for n in range(53)]
    response = as_vera.get("/predictions/")
    assert [row.id for row in response.context["page"]] == [row.pk for row in rows[:50]]
    assert "53 predictions, last week" in text_of(response)
    assert "1 to 50 of 53" in text_of(response)
    assert shown(as_vera, page="2") == [str(row.pk) for row in rows[50:]]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, {"answered", "refused", "failed", "taxi"}),
        ({"window": "ever"}, {"answered", "refused", "failed", "taxi", "old"}),
        ({"deployment": "taxi"}, {"taxi"}),
        ({"deployment": "nothing"}, {"answered", "refused", "failed", "taxi"}),
        ({"status": "answered"}, {"answered", "taxi"}),
        ({"status": "refused"}, {"refused"}),
        ({"status": "failed"}, {"failed"}),
        ({"deployment": "wine", "version": "2"}, {"refused"}),
        ({"search": "order-17"}, {"failed"}),
        ({"search": "order-99"}, {"old"}),
        ({"search": "nothing"}, set()),
    ],
)
def test_the_list_is_narrowed(query: dict[str, str], names: set[str], as_vera: Client) -> None:
    a_version(model="wine", version="1")
    row = a_deployment(name="wine", version="2")
    row.releases.update(number=2)
    row.releases.create(number=1, model_name="wine", version="1", went_live=timezone.now())
    a_deployment(name="taxi")
    found = {
        "answered": a_prediction(version="1"),
        "refused": a_prediction(version="2", status=400),
        "failed": a_prediction(version="1", status=500, request_id="order-17"),
        "taxi": a_prediction(deployment="taxi"),
        "old": a_prediction(time=timezone.now() - timedelta(days=8), request_id="order-99"),
    }
    assert set(shown(as_vera, **query)) == {str(found[name].pk) for name in names}


def test_a_prediction_is_found_by_its_id_whenever_it_was(as_vera: Client) -> None:
    a_deployment(name="wine")
    a_prediction()
    old = a_prediction(time=timezone.now() - timedelta(days=400), request_id="order-1")
    assert shown(as_vera, search=str(old.pk)) == [str(old.pk)]


def test_a_stretch_of_time_is_asked_for_in_any_time_zone(as_vera: Client) -> None:
    a_deployment(name="wine")
    before, within, after = (
        a_prediction(time=datetime(2026, 3, 1, 8, minute, tzinfo=UTC)) for minute in (29, 30, 59)
    )
    # Kolkata is five and a half hours ahead of UTC: 14:00 there is 08:30.
    asked = {"window": "custom", "from": "2026-03-01T14:00", "tz": "Asia/Kolkata"}
    assert shown(as_vera, **asked) == [str(after.pk), str(within.pk)]
    assert shown(as_vera, **asked, to="2026-03-01T14:29") == [str(within.pk)]
    assert str(before.pk) in shown(as_vera, window="custom", to="2026-03-01T08:30")


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"from": "yesterday"}, "from is 'yesterday'; it must be a time such as"),
        ({"from": "2026-03-01", "tz": "Europe/Atlantis"}, "tz is 'Europe/Atlantis', which is no"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "from (2026-03-02) is not before to"),
    ],
)
def test_a_mistake_in_the_time_stands_beside_its_field(
    query: dict[str, str], says: str, as_vera: Client
) -> None:
    a_deployment(name="wine")
    a_prediction()
    response = as_vera.get("/predictions/", query)
    assert response.status_code == 200
    assert says in text_of(response)
    assert faults_of(response) == []


def test_the_list_takes_the_same_queries_for_10_and_30_predictions(as_vera: Client) -> None:
    a_deployment(name="wine")

    def fill(count: int) -> None:
        for _ in range(count):
            Truth.objects.create(prediction=a_prediction().pk, value=1)

    fill(10)
    ten = query_count(as_vera, "/predictions/?deployment=wine")
    fill(20)
    assert query_count(as_vera, "/predictions/?deployment=wine") == ten


# ---- downloads ---------------------------------------------------------------------------------


def test_the_downloads_give_the_stretch_and_version_that_the_page_shows(as_vera: Client) -> None:
    a_deployment(name=ODD, version="2")
    old = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    a_prediction(deployment=ODD, version="2", time=old - timedelta(hours=1))
    row = a_prediction(deployment=ODD, version="2", time=old)
    query = {"deployment": ODD, "window": "custom", "from": "2026-03-01T09:30", "version": "2"}
    response = as_vera.get("/predictions/", {**query, "tz": "Europe/Berlin"})
    links = dict(response.context["downloads"])
    assert list(links) == ["json", "csv", "parquet"]
    for link in links.values():
        assert f'href="{link}"' in unescape(response.content.decode())
    found = as_vera.get(links["json"])
    assert [entry["id"] for entry in json.loads(_body(found))] == [str(row.pk)]
    table = as_vera.get(links["csv"])
    assert table["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(_body(table).decode())))
    assert [(line["id"], line["pH"], line["prediction"]) for line in lines] == [
        (str(row.pk), "3.1", "1")
    ]
    assert _body(as_vera.get(links["parquet"]))[:4] == b"PAR1"


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"window": "ever"},
        {"status": "answered"},
        {"status": "refused"},
        {"status": "failed", "window": "ever"},
        {"search": "order-17"},
        {"search": "order-17", "status": "failed"},
        {"status": "answered", "version": "2"},
        {"from": "2026-03-01T00:00", "to": "2026-03-02T00:00"},
        {"from": "2026-03-01T00:00", "status": "odd"},
        {"from": "yesterday", "status": "failed"},
    ],
    ids=str,
)
def test_the_list_and_every_download_are_the_same_predictions(
    query: dict[str, str], as_vera: Client
) -> None:
    a_deployment(name="wine", version="2")
    for time in (timezone.now(), datetime(2026, 3, 1, 8, 30, tzinfo=UTC)):
        for status in (200, 204, 400, 422, 500, 503):
            a_prediction(version="2", status=status, time=time, request_id=f"order-{status % 19}")
    response = as_vera.get("/predictions/", {"deployment": "wine", **query})
    listed = sorted(str(row.id) for row in response.context["page"])
    links = dict(response.context["downloads"])
    entries = json.loads(_body(as_vera.get(links["json"])))
    assert sorted(entry["id"] for entry in entries) == listed
    lines = csv.DictReader(io.StringIO(_body(as_vera.get(links["csv"])).decode()))
    assert sorted(line["id"] for line in lines) == listed
    table = pq.read_table(io.BytesIO(_body(as_vera.get(links["parquet"]))))
    assert sorted(table["id"].to_pylist()) == listed


def test_downloads_are_of_one_deployment(as_vera: Client) -> None:
    a_deployment(name="wine")
    a_prediction()
    response = as_vera.get("/predictions/")
    assert response.context["downloads"] == []
    assert "Choose one deployment to download its predictions." in text_of(response)


def _body(response: StreamingHttpResponse) -> bytes:
    async def collect() -> bytes:
        return b"".join([chunk async for chunk in response.streaming_content])

    return async_to_sync(collect)()


# ---- one prediction ----------------------------------------------------------------------------


def test_one_row_is_shown_as_names_and_values_with_its_truth(as_vera: Client) -> None:
    row = a_prediction(
        request_id="order-17",
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        inputs='{"columns":["pH","note"],"data":[[3.10,null]]}',
        outputs='["good"]',
    )
    Truth.objects.create(prediction=row.pk, value="bad")
    response = as_vera.get(f"/predictions/{row.pk}/")
    text = text_of(response)
    assert "good prediction bad truth" in text or "prediction good truth bad" in text
    assert "pH 3.1 note —" in text
    assert "Request id order-17" in text
    assert "In the model 1.5 ms In all 2.5 ms" in text
    assert f"X-Portal-Prediction {row.pk}" in text
    assert "traceparent 00-0af7651916cd43dd8448eb211c80319c" in text
    assert faults_of(response) == []


def test_several_rows_are_a_table(as_vera: Client) -> None:
    row = a_prediction(
        rows=2, inputs='{"columns":["pH"],"data":[[3.1],[3.2]]}', outputs="[[0.2,0.8],[0.9,0.1]]"
    )
    Truth.objects.create(prediction=row.pk, row=1, value=0)
    response = as_vera.get(f"/predictions/{row.pk}/")
    assert "Row Prediction Truth pH 0 [0.2,0.8] — 3.1 1 [0.9,0.1] 0 3.2" in text_of(response)
    assert faults_of(response) == []


def test_a_refused_one_says_why(as_vera: Client) -> None:
    row = a_prediction(
        status=400,
        outputs='{"error_code":"BAD_REQUEST","message":"Column \'pH\' is missing."}',
    )
    response = as_vera.get(f"/predictions/{row.pk}/")
    assert "refused" in text_of(response)
    assert "Column 'pH' is missing." in text_of(response)


def test_what_is_no_table_is_shown_raw_and_as_text(as_vera: Client) -> None:
    row = a_prediction(inputs='{"raw":"<script>alert(1)</script>"}', outputs='"<b>hi</b>"')
    response = as_vera.get(f"/predictions/{row.pk}/")
    assert b"<script>alert" not in response.content
    assert "<script>alert(1)</script>" in text_of(response)
    assert faults_of(response) == []


def test_a_long_prediction_is_shown_a_page_at_a_time(as_vera: Client) -> None:
    data = json.dumps([[n] for n in range(150)])
    row = a_prediction(rows=150, inputs=f'{{"columns":["n"],"data":{data}}}', outputs=data)
    response = as_vera.get(f"/predictions/{row.pk}/?page=2")
    assert [entry.number for entry in response.context["page"]] == list(range(100, 150))


def test_an_unknown_prediction_is_named(as_vera: Client) -> None:
    unknown = uuid.uuid4()
    response = as_vera.get(f"/predictions/{unknown}/")
    assert response.status_code == 404
    assert f"There is no prediction {unknown}." in text_of(response)


# ---- truths ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("outputs", "typed", "kept"),
    [
        ("[5]", "6", 6),
        ("[5]", "6.5", 6.5),
        ("[5]", "six", "six"),
        ("[true]", "false", False),
        ('["good"]', "bad", "bad"),
        ('["5"]', "6", "6"),
        ("[[0.2,0.8]]", "1", 1),
    ],
)
def test_an_operator_gives_a_truth_on_the_page(
    outputs: str, typed: str, kept: object, as_olga: Client
) -> None:
    row = a_prediction(outputs=outputs)
    page = as_olga.get(f"/predictions/{row.pk}/")
    assert faults_of(page) == []
    assert f'action="/predictions/{row.pk}/truth/"' in page.content.decode()
    answer = as_olga.post(f"/predictions/{row.pk}/truth/", {"row": "0", "value": typed})
    assert (answer.status_code, answer["Location"]) == (302, f"/predictions/{row.pk}/")
    truth = Truth.objects.get()
    assert (truth.prediction, truth.row, truth.given_by) == (row.pk, 0, "olga")
    assert truth.value == kept
    assert type(truth.value) is type(kept)


def test_a_truth_is_corrected_by_the_next(as_olga: Client) -> None:
    row = a_prediction(rows=2, inputs='{"columns":["a"],"data":[[1],[2]]}', outputs="[1,2]")
    for value in ("3", "4"):
        as_olga.post(f"/predictions/{row.pk}/truth/", {"row": "1", "value": value})
    text = text_of(as_olga.get(f"/predictions/{row.pk}/"))
    assert "The truth of row 1 is kept." in text
    assert "Row Prediction Truth a 0 1 — 1 1 2 4 2" in text
    assert "From 0 to 1, as in the table." in text


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"row": "0", "value": ""}, "This field is required."),
        ({"row": "2", "value": "7"}, "has 2 rows; there is no 2."),
        ({"row": "-1", "value": "7"}, "greater than or equal to 0"),
        ({"row": "0", "value": "null"}, "has no value."),
    ],
)
def test_a_truth_that_is_none_stands_with_what_was_typed(
    given: dict[str, str], says: str, as_olga: Client
) -> None:
    row = a_prediction(rows=2, inputs='{"columns":["a"],"data":[[1],[2]]}', outputs="[1,2]")
    answer = as_olga.post(f"/predictions/{row.pk}/truth/", given)
    assert answer.status_code == 422
    assert says in text_of(answer)
    assert f'value="{given["row"]}"' in answer.content.decode()
    assert faults_of(answer) == []
    assert not Truth.objects.exists()


def test_who_may_only_look_gives_no_truth(as_vera: Client) -> None:
    row = a_prediction()
    assert "Save the truth" not in text_of(as_vera.get(f"/predictions/{row.pk}/"))
    answer = as_vera.post(f"/predictions/{row.pk}/truth/", {"row": "0", "value": "1"})
    assert answer.status_code == 403
    assert not Truth.objects.exists()


# ---- names and people --------------------------------------------------------------------------


@pytest.mark.parametrize("name", [ODD, "a b.c", "<b>bold", 'it\'s "quoted"'])
def test_a_deployment_of_any_name_has_its_predictions(name: str, as_vera: Client) -> None:
    a_deployment(name=name)
    row = a_prediction(deployment=name)
    response = as_vera.get(f"/predictions/?deployment={quote(name, safe='')}")
    assert [entry.id for entry in response.context["page"]] == [row.pk]
    assert faults_of(response) == []
    response = as_vera.get(f"/predictions/{row.pk}/")
    back = f'href="/predictions/?deployment={quote(name, safe="")}"'
    assert back in unescape(response.content.decode())
    assert faults_of(response) == []


def test_nobody_is_sent_to_the_login(as_nobody: Client) -> None:
    for path in ("", f"{a_prediction().pk}/"):
        response = as_nobody.get(f"/predictions/{path}")
        assert response.status_code == 302
        assert response["Location"].startswith("/login/?next=/predictions/")
