"""REST of metrics, reports and alarms."""

import io
import zipfile

import pytest
from django.urls import reverse
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema

from core.jobs import waiting
from core.models import Job
from deployments.models import Deployment
from drift.metrics import METRIC_TYPES
from monitoring.models import Alarm, Check, MetricRecord
from tests.monitoring import world
from tests.monitoring.conftest import KINDS

BASE = "/api/v1/deployments/houses"
NAMESPACE = 'xmlns="http://www.w3.org/2000/svg"'


def test_the_degradation_report_of_a_window_is_made_now(drifting, api, olga, worker):
    answer = api(olga).get(f"{BASE}/reports/degradation?window=month&wait=60")
    assert answer.status_code == 200
    report = answer.json()
    check = Check.objects.first()
    assert check.window == "month" and check.actor == olga
    assert report["check"]["id"] == check.pk and report["check"]["status"] == "drifting"
    assert (report["rows"], report["headline"]) == (90, check.headline)
    width = next(one for one in report["columns"] if one["name"] == "width")
    assert width["current"]["descriptors"]["mean"] == pytest.approx(
        drifting.production["width"].mean()
    )
    assert report["metrics"]["current"]["rows"] == 60
    assert set(report) >= {"clusters", "correlation", "evolution", "notes", "findings"}


def test_a_range_is_asked_for_with_from_to_and_a_zone(drifting, api, olga, worker):
    asked = {"from": "2020-01-01", "to": "2020-02-01T00:00", "tz": "Europe/Berlin", "wait": 60}
    report = api(olga).get(f"{BASE}/reports/degradation", asked).json()
    assert report["check"]["start"] == "2019-12-31T23:00:00Z"
    assert (report["rows"], report["check"]["status"]) == (0, "no_data")


@pytest.mark.parametrize(
    ("query", "field"),
    [("window=decade", "window"), ("from=yesterday", "from"), ("from=2020-01-01&tz=Mars", "tz")],
)
def test_a_range_that_cannot_be_read_is_refused_by_name(drifting, api, olga, query, field):
    answer = api(olga).get(f"{BASE}/reports/degradation?{query}")
    assert answer.status_code == 400 and field in answer.json()["fields"]


@pytest.mark.parametrize("path", ["degradation", "degradation.html", "degradation.zip"])
def test_without_a_wait_the_answer_is_the_job_at_once(drifting, api, olga, monkeypatch, path):
    monkeypatch.setattr(waiting.time, "sleep", lambda _: pytest.fail("a thread was held"))
    answer = api(olga).get(f"{BASE}/reports/{path}")
    assert answer.status_code == 202
    address = reverse("api:job-detail", args=[Job.objects.get().pk])
    assert answer.json() == {"job": address, "status": "queued"}
    assert answer["Location"] == address


def test_the_job_of_a_report_leads_to_it(drifting, api, olga, run_jobs):
    client = api(olga)
    address = client.get(f"{BASE}/reports/degradation?window=month")["Location"]
    run_jobs()
    number = client.get(address).json()["result"]["check"]
    report = client.get(f"{BASE}/reports/degradation?check={number}").json()
    assert (report["check"]["id"], report["rows"]) == (number, 90)


@pytest.mark.parametrize("path", ["initial", "initial.html", "initial.zip"])
def test_a_baseline_that_is_not_there_is_a_job_at_once(db, api, olga, path):
    world.a_watched_version(frame=world.wine(60, seed=1))
    world.a_watched_deployment()
    answer = api(olga).get(f"/api/v1/deployments/wine/reports/{path}")
    assert answer.status_code == 202
    assert Job.objects.get().kind == "monitoring.baseline"


def test_a_report_that_is_there_needs_no_worker(drifting, api, olga):
    assert api(olga).get(f"{BASE}/reports/initial").status_code == 200
    assert api(olga).get(f"{BASE}/reports/initial.html").status_code == 200
    pk = drifting.check.pk
    assert api(olga).get(f"{BASE}/reports/degradation.html?check={pk}").status_code == 200
    assert not Job.objects.exists()


def test_a_wait_that_is_none_asks_for_nothing(drifting, api, olga):
    answer = api(olga).get(f"{BASE}/reports/degradation?wait=soon")
    assert answer.status_code == 400 and "wait" in answer.json()["fields"]
    assert not Job.objects.exists()


def test_a_check_that_was_made_can_be_fetched_again(drifting, api, olga):
    pk = drifting.check.pk
    report = api(olga).get(f"{BASE}/reports/degradation?check={pk}").json()
    assert report["check"]["id"] == pk and Check.objects.count() == 1
    world.a_watched_deployment(name="other")
    assert (
        api(olga).get(f"/api/v1/deployments/other/reports/degradation?check={pk}").status_code
        == 404
    )
    assert api(olga).get(f"{BASE}/reports/degradation?check=x").status_code == 400


def test_a_report_without_a_baseline_says_why_and_what_came_in(db, api, olga, worker, monkeypatch):
    world.a_watched_version(name="bare")
    bare = world.a_watched_deployment(name="bare")
    frame = world.wine(40, seed=1)
    world.answered(bare, frame[world.INPUTS], frame[world.TARGET].to_numpy())
    report = api(olga).get("/api/v1/deployments/bare/reports/degradation?wait=60").json()
    assert report["check"]["status"] == "failed"
    assert "has no training set" in report["check"]["problem"]
    assert (report["rows"], report["columns"], report["metrics"]) == (40, [], None)
    assert report["described"]["rows"] == 40
    initial = api(olga).get("/api/v1/deployments/bare/reports/initial?wait=60")
    assert initial.status_code == 404 and "has no training set" in initial.json()["message"]


def test_the_initial_report_is_built_when_it_is_asked_for_first(db, api, vera, worker, monkeypatch):
    frame = world.wine(120, seed=1)
    world.a_watched_version(frame=frame)
    world.a_watched_deployment()
    world.install(monkeypatch, world.a_classifier(frame).predict)
    report = api(vera, "read").get("/api/v1/deployments/wine/reports/initial?wait=60").json()
    assert report["rows"] == 120
    assert report["baseline"]["source"] == "upload"
    acid = report["columns"]["acid"]["measure"]["descriptors"]
    assert acid["std"] == pytest.approx(frame["acid"].std())


@pytest.mark.parametrize("kind", ["initial", "degradation"])
def test_reports_come_as_one_html_file_without_outside_references(
    drifting, api, olga, worker, kind
):
    answer = api(olga).get(f"{BASE}/reports/{kind}.html?wait=60", headers={"Accept": "text/html"})
    assert answer.status_code == 200 and answer["Content-Type"] == "text/html; charset=utf-8"
    page = answer.content.decode()
    assert "<svg" in page and "--accent" in page
    for outside in ("http://", "https://", "/static/", 'href="/', "src=", "@import", "url("):
        assert outside not in page.replace(NAMESPACE, ""), outside


@pytest.mark.parametrize("kind", ["initial", "degradation"])
def test_reports_come_as_zip_files(drifting, api, olga, worker, kind, without_pictures):
    path = f"{BASE}/reports/{kind}.zip?wait=60"
    answer = api(olga).get(path, headers={"Accept": "application/zip"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert {"README.txt", "report.json", "descriptors.csv"} <= set(archive.namelist())


def test_a_refusal_of_a_file_is_json_whatever_was_accepted(db, api, olga):
    answer = api(olga).get(
        "/api/v1/deployments/none/reports/initial.zip", headers={"Accept": "application/zip"}
    )
    assert answer.status_code == 404 and answer.json()["code"] == "not_found"


def test_labelled_data_is_evaluated_and_kept(drifting, api, olga, worker):
    part = drifting.training.iloc[:40]
    data = part[KINDS].astype(object).where(part[KINDS].notna(), None).to_numpy().tolist()
    body = {
        "dataframe_split": {"columns": KINDS, "data": data},
        "truths": part["sold"].tolist(),
    }
    answer = api(olga).post(f"{BASE}/metrics?wait=60", body)
    assert answer.status_code == 201, answer.json()
    record = MetricRecord.objects.first()
    assert answer.json()["id"] == record.pk and record.who.startswith("olga#")
    wanted = (part["sold"] == ["yes" if w > 10.5 else "no" for w in part["width"]]).mean()
    assert answer.json()["metrics"]["values"]["accuracy"] == pytest.approx(wanted)
    assert api(olga).get(f"{BASE}/metrics/{record.pk}").json() == answer.json()


def test_labelled_data_that_does_not_fit_is_refused_at_once(drifting, api, olga):
    answer = api(olga).post(f"{BASE}/metrics", {"instances": [[1]], "truths": [1, 2]})
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("There are 2 truths for 1 rows")
    assert not Job.objects.exists()


def test_rows_that_the_model_refuses_are_422_with_its_words(drifting, api, olga, worker):
    drifting.model.refusal = "Column 'width' is missing."
    answer = api(olga).post(f"{BASE}/metrics?wait=5", {"instances": [[1]], "truths": [1]})
    assert answer.status_code == 422
    assert "Column 'width' is missing." in answer.json()["message"]


def test_the_history_holds_every_kind_newest_first(drifting, api, vera):
    answer = api(vera, "read").get(f"{BASE}/metrics").json()
    assert [entry["kind"] for entry in answer["results"]] == ["truths", "original"]
    original = api(vera, "read").get(f"{BASE}/metrics/original").json()
    assert original == answer["results"][1]
    assert original["rows"] == 200


def test_original_metrics_that_are_not_there_say_why(db, api, olga):
    world.a_watched_version()
    world.a_watched_deployment()
    answer = api(olga).get("/api/v1/deployments/wine/metrics/original")
    assert answer.status_code == 404 and "has no baseline yet" in answer.json()["message"]


def test_every_metric_is_defined_by_name(drifting, api, vera):
    types = api(vera, "read").get(f"{BASE}/metrics/types").json()
    assert set(types) == set(METRIC_TYPES)
    assert types["accuracy"] == {
        "title": "Accuracy",
        "definition": "Share of rows predicted right.",
        "tasks": ["binary", "multiclass"],
        "needs": "labels",
        "greater_is_better": True,
    }


def test_alarms_are_listed_acknowledged_and_resolved(drifting, api, olga):
    client = api(olga)
    found = client.get("/api/v1/alarms?deployment=houses&status=open").json()
    drift = next(entry for entry in found["results"] if entry["cause"] == "drift")
    assert drift["check_id"] == drifting.check.pk
    path = f"/api/v1/alarms/{drift['id']}"
    assert client.post(f"{path}/acknowledge").json()["acknowledged_by"] == "olga"
    assert client.get(path).json()["status"] == "acknowledged"
    assert client.post(f"{path}/acknowledge").status_code == 409
    assert client.post(f"{path}/resolve").json()["status"] == "resolved"
    assert Alarm.objects.get(pk=drift["id"]).resolved_by == olga


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("post", f"{BASE}/metrics"),
        ("post", "/api/v1/alarms/1/acknowledge"),
        ("post", "/api/v1/alarms/1/resolve"),
    ],
)
def test_who_may_only_look_may_not_act(drifting, api, vera, method, path):
    assert getattr(api(vera), method)(path, {}).status_code == 403
    assert getattr(api(), method)(path, {}).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["metrics", "metrics/original", "metrics/types", "metrics/1", "reports/initial"]
    + [f"reports/{kind}{end}" for kind in ("initial", "degradation") for end in (".html", ".zip")],
)
def test_an_unknown_deployment_is_404(db, api, olga, path):
    answer = api(olga).get(f"/api/v1/deployments/none/{path}")
    assert answer.status_code == 404 and "'none'" in answer.json()["message"]


def test_a_deployment_that_never_had_a_version_says_so(db, api, olga):
    Deployment.objects.create(name="empty", model_name="empty", node="testnode")
    for kind in ("initial", "degradation"):
        answer = api(olga).get(f"/api/v1/deployments/empty/reports/{kind}")
        assert answer.status_code == 404 and "never had a version" in answer.json()["message"]


def test_names_with_blanks_dots_and_letters_work(db, api, olga, worker, monkeypatch):
    frame = world.wine(60, seed=1)
    name = "Weißwein v1.0 rot"
    world.a_watched_version(name=name, frame=frame)
    world.a_watched_deployment(name=name)
    world.install(monkeypatch, world.a_classifier(frame).predict)
    answer = api(olga).get(f"/api/v1/deployments/{name}/reports/initial.html?wait=60")
    assert answer.status_code == 200
    assert "filename*=UTF-8''Wei%C3%9Fwein" in answer["Content-Disposition"]


def test_the_schema_describes_it_without_warnings(db, capsys):
    GENERATOR_STATS.reset()
    schema = SchemaGenerator().get_schema(public=True)
    told = [line for line in capsys.readouterr().err.splitlines() if "monitoring" in line]
    assert [line for line in told if "TokenAuthentication" not in line] == []
    validate_schema(schema)
    paths = schema["paths"]
    for path in ("metrics", "metrics/original", "metrics/types", "reports/initial.zip"):
        assert f"/api/v1/deployments/{{name}}/{path}" in paths
    assert "/api/v1/alarms/{id}/acknowledge" in paths
    zips = paths["/api/v1/deployments/{name}/reports/degradation.zip"]["get"]["responses"]
    assert "application/zip" in zips["200"]["content"]
