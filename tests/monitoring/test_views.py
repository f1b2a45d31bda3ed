"""Pages of drift and alarms."""

import zipfile
from io import BytesIO

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from core import timerange
from core.models import Job
from deployments.models import Deployment
from monitoring.contexts import columns
from monitoring.models import Alarm, Check, MetricRecord
from monitoring.places import bundle_path
from monitoring.services.checks import run_check
from tests import factories
from tests.monitoring import world
from tests.pages import faults_of, text_of

pytestmark = pytest.mark.django_db


def many_deployments(count: int) -> None:
    """Write deployments, each with checks, an alarm and records of metrics."""
    for number in range(count):
        name = f"model-{number}"
        version = factories.a_version(model=name)
        row = world.a_watched_deployment(name=name)
        checks = [
            Check.objects.create(
                deployment=row,
                version=version,
                window="week",
                end=timezone.now(),
                status="drifting",
                headline=f"{number} of 30 columns changed",
                columns=30,
                changed=[f"c{n}" for n in range(number)],
                method="test",
            )
            for _ in range(3)
        ]
        Alarm.objects.create(
            deployment=row, cause="drift", title=f"drift of {name}", newest_check=checks[-1]
        )


def queries_of(client, url: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


@pytest.mark.parametrize("view", ["drift", "alarms"])
def test_a_list_of_thirty_takes_no_more_queries_than_one_of_ten(as_olga, view):
    url = reverse(f"monitoring:{view}")
    many_deployments(10)
    few = queries_of(as_olga, url)
    Deployment.objects.all().delete()
    many_deployments(30)
    assert queries_of(as_olga, url) == few


@pytest.mark.parametrize("page", ["/drift/", "/alarms/", "/drift/model-0/"])
def test_lists_do_not_load_the_reports(as_olga, page):
    many_deployments(2)
    with CaptureQueriesContext(connection) as queries:
        assert as_olga.get(page).status_code == 200
    loaded = [q["sql"] for q in queries if '"monitoring_check"."report"' in q["sql"]]
    assert loaded == []


def test_checks_and_records_of_thirty_take_no_more_queries_than_ten(as_olga, drifting):
    page = reverse("monitoring:deployment", args=["houses"])
    metrics = reverse("monitoring:metrics", args=["houses"])
    record = MetricRecord.objects.filter(kind="truths").get()

    def copies(count: int) -> None:
        for _ in range(count):
            for row in (Check.objects.get(pk=drifting.check.pk), record):
                row.pk = None
                row.save(force_insert=True)

    copies(9)
    few = queries_of(as_olga, page), queries_of(as_olga, metrics)
    copies(20)
    assert (queries_of(as_olga, page), queries_of(as_olga, metrics)) == few


def test_the_worst_deployment_comes_first(as_vera, drifting):
    world.a_watched_version(name="calm")
    calm = world.a_watched_deployment(name="calm")
    Check.objects.create(
        deployment=calm,
        version=factories.a_version(model="calm"),
        window="week",
        end=timezone.now(),
        status="steady",
        headline="None of 3 columns changed",
        columns=3,
        method="test",
    )
    world.a_watched_deployment(name="new")
    page = as_vera.get(reverse("monitoring:drift"))
    text = text_of(page)
    assert faults_of(page) == []
    assert text.index("houses") < text.index("new Not checked yet") < text.index("calm")
    assert drifting.check.headline in text
    assert "Alarm open" in text


def test_without_deployments_the_drift_page_leads_to_models(as_vera):
    page = as_vera.get(reverse("monitoring:drift"))
    assert "No model is deployed" in text_of(page)
    assert reverse("registry:models") in page.content.decode()


def test_a_check_says_first_what_was_found(as_vera, drifting):
    page = as_vera.get(drifting.check.get_absolute_url())
    text = text_of(page)
    assert faults_of(page) == []
    assert drifting.check.headline in text
    assert text.index(drifting.check.findings[0]) < text.index("Columns")
    assert all(finding in text for finding in drifting.check.findings)
    assert all(note in text for note in drifting.check.report["notes"])
    assert "Genf <b>" in text and "Genf <b>" not in page.content.decode()
    assert "60 with known truth" in text
    assert "Population stability index" in text and "upper quartile" in text
    assert "cluster 1" in text and "Correlation" in text


def test_changed_columns_stand_before_steady_ones(as_vera, drifting):
    text = text_of(as_vera.get(drifting.check.get_absolute_url()))
    table = text[text.index("Moved most") :]
    names = [column["name"] for column in drifting.check.report["columns"]]
    places = [table.index(f" {name} ") for name in names]
    assert places == sorted(places)
    assert 0 < len(drifting.check.changed) < len(names)
    assert names[: len(drifting.check.changed)] == drifting.check.changed


def test_a_constant_that_changed_is_beyond_every_threshold(as_vera, drifting):
    text = text_of(as_vera.get(drifting.check.get_absolute_url()))
    assert "same integer" in text and "∞ %" in text


def test_columns_beyond_the_first_forty_have_pages_of_their_own(as_vera, drifting, monkeypatch):
    monkeypatch.setattr(columns, "OPENED_AT_ONCE", 2)
    page = as_vera.get(drifting.check.get_absolute_url()).content.decode()
    name = drifting.check.report["columns"][-1]["name"]
    link = f"{reverse('monitoring:column', args=[drifting.check.pk])}?name={name}"
    assert link in page
    column = as_vera.get(link)
    assert faults_of(column) == [] and "share without a value" in text_of(column)
    assert as_vera.get(link.replace(name, "depth")).status_code == 404


def test_a_check_knows_the_one_before_and_after(as_vera, drifting):
    later = run_check(deployment=drifting.deployment, span=timerange.named("week"))
    run_check(deployment=drifting.deployment, span=timerange.named("month"))
    first = as_vera.get(drifting.check.get_absolute_url()).content.decode()
    second = as_vera.get(later.get_absolute_url()).content.decode()
    assert f'rel="next" href="{later.get_absolute_url()}"' in first and 'rel="prev"' not in first
    assert f'rel="prev" href="{drifting.check.get_absolute_url()}"' in second


def test_a_check_of_nothing_says_so(as_vera, drifting):
    empty = run_check(
        deployment=drifting.deployment,
        span=timerange.parse({"from": "2020-01-01", "to": "2020-01-02"}),
    )
    page = as_vera.get(empty.get_absolute_url())
    assert faults_of(page) == []
    assert "No predictions in this window" in text_of(page)


def test_a_check_without_a_baseline_shows_why_and_what_came_in(as_vera, db):
    world.a_watched_version()
    wine = world.a_watched_deployment()
    frame = world.wine(40, seed=1)
    world.answered(wine, frame[world.INPUTS], frame[world.TARGET].to_numpy())
    check = run_check(deployment=wine, span=timerange.named("week"))
    page = as_vera.get(check.get_absolute_url())
    assert faults_of(page) == []
    assert "there are 40 so far" in text_of(page) and "alcohol" in text_of(page)


def test_an_unknown_check_is_404(as_vera):
    assert as_vera.get(reverse("monitoring:check", args=[1])).status_code == 404


def test_the_page_of_a_deployment_shows_the_newest_check_of_the_window(as_olga, drifting):
    page = as_olga.get(reverse("monitoring:deployment", args=["houses"]))
    assert faults_of(page) == []
    text = text_of(page)
    assert drifting.check.headline in text and "wine.parquet, uploaded (200 rows)" in text
    other = text_of(as_olga.get(f"{reverse('monitoring:deployment', args=['houses'])}?window=year"))
    assert "No check of this window yet" in other


def test_a_check_is_asked_for_with_a_button(as_olga, drifting, run_jobs):
    url = reverse("monitoring:run", args=["houses"])
    answer = as_olga.post(url, {"window": "month"})
    page = reverse("monitoring:deployment", args=["houses"])
    assert answer.url == f"{page}?window=month"
    assert "Drift check" in text_of(as_olga.get(answer.url)), "the job is under way"
    run_jobs()
    assert Check.objects.filter(window="month").get().actor.username == "olga"


def test_a_stretch_of_time_is_asked_for_with_a_form(as_olga, drifting, run_jobs):
    url = reverse("monitoring:run", args=["houses"])
    answer = as_olga.post(url, {"start": "2020-01-01T10:00", "end": "2020-01-02T10:00"})
    assert answer.url.endswith("?window=from-to")
    run_jobs()
    check = Check.objects.get(window="")
    assert (check.start.hour, check.status) == (10, "no_data")
    assert check.span.label in text_of(as_olga.get(answer.url))


@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ({}, "Give the time from which on to look."),
        ({"start": "soon"}, "from is 'soon'"),
        ({"start": "2020-01-02", "end": "2020-01-01"}, "is not before to"),
    ],
)
def test_a_stretch_of_time_that_cannot_be_used_is_asked_for_again(as_olga, drifting, sent, says):
    page = as_olga.post(reverse("monitoring:run", args=["houses"]), sent)
    assert page.status_code == 422 and says in text_of(page)
    assert not Job.objects.exists()


def test_an_unknown_window_is_refused(as_olga, drifting):
    page = as_olga.post(reverse("monitoring:run", args=["houses"]), {"window": "decade"})
    assert page.status_code == 400 and "no window 'decade'" in text_of(page)


def test_the_initial_report_shows_columns_metrics_and_clusters(as_vera, drifting):
    page = as_vera.get(reverse("monitoring:initial", args=["houses"]))
    text = text_of(page)
    assert faults_of(page) == []
    for said in ("200 rows", "target sold", "Accuracy", "silhouette", "has only one value"):
        assert said in text, said


def test_a_baseline_that_could_not_be_built_says_why(as_vera, db):
    frame = world.wine(30, seed=1).add_prefix("old_")
    world.a_watched_version(frame=frame)
    wine = world.a_watched_deployment()
    page = reverse("monitoring:initial", args=["wine"])
    assert "No baseline yet" in text_of(as_vera.get(page))
    run_check(deployment=wine, span=timerange.named("week"))
    assert "none of the inputs" in text_of(as_vera.get(page))


def test_a_baseline_that_is_being_made_shows_how_far_it_is(as_vera, api, olga, run_jobs):
    world.a_watched_version(frame=world.wine(60, seed=1))
    world.a_watched_deployment()
    page = reverse("monitoring:initial", args=["wine"])
    api(olga).get("/api/v1/deployments/wine/reports/initial")
    answer = as_vera.get(page)
    assert "The initial report is being made" in text_of(answer)
    assert reverse("job-progress", args=[Job.objects.get().pk]) in answer.content.decode()
    assert faults_of(answer) == []
    run_jobs()
    assert "being made" not in text_of(as_vera.get(page))


def test_a_baseline_is_built_anew_with_a_button(as_olga, drifting, run_jobs):
    answer = as_olga.post(reverse("monitoring:rebuild", args=["houses"]))
    [job] = run_jobs()
    assert answer.url == job.get_absolute_url() and job.status == "succeeded"


def test_the_history_of_metrics_opens_to_confusion_matrices(as_vera, drifting):
    page = as_vera.get(reverse("monitoring:metrics", args=["houses"]))
    text = text_of(page)
    assert faults_of(page) == []
    assert "truths" in text and "original" in text and "predicted yes" in text


def test_a_history_without_metrics_says_where_they_come_from(as_vera, db):
    world.a_watched_version()
    world.a_watched_deployment()
    assert "No metrics yet" in text_of(as_vera.get(reverse("monitoring:metrics", args=["wine"])))


@pytest.mark.parametrize("name", ["deployment", "initial", "metrics"])
def test_a_deployment_that_never_had_a_version_has_its_pages(as_vera, name):
    Deployment.objects.create(name="empty", model_name="empty", node="testnode")
    page = as_vera.get(reverse(f"monitoring:{name}", args=["empty"]))
    assert page.status_code == 200 and faults_of(page) == []


def test_reports_are_downloaded_as_files(as_vera, drifting, worker, without_pictures):
    for name, argument in (("check", drifting.check.pk), ("initial", "houses")):
        files = {
            kind: as_vera.get(reverse(f"monitoring:{name}-{kind}", args=[argument]))
            for kind in ("html", "json", "zip")
        }
        assert all(file.status_code == 200 for file in files.values())
        assert all("attachment" in file["Content-Disposition"] for file in files.values())
        assert files["json"].json()["columns"]
        with zipfile.ZipFile(BytesIO(files["zip"].content)) as archive:
            assert "report.json" in archive.namelist()


def test_a_zip_is_written_once(as_vera, drifting, worker, without_pictures):
    url = reverse("monitoring:check-zip", args=[drifting.check.pk])
    first = as_vera.get(url).content
    written = Job.objects.count()
    assert as_vera.get(url).content == first
    assert Job.objects.count() == written


def test_a_zip_that_takes_long_leads_to_its_job(as_vera, drifting, monkeypatch):
    monkeypatch.setattr("monitoring.views.checks.ZIP_SECONDS", 0.0)
    bundle_path(drifting.check).unlink(missing_ok=True)
    answer = as_vera.get(reverse("monitoring:check-zip", args=[drifting.check.pk]))
    assert answer.url == Job.objects.get().get_absolute_url()


def test_an_alarm_shows_what_is_wrong_and_who_looks_after_it(as_olga, drifting):
    alarm = Alarm.objects.get(cause="drift")
    page = as_olga.get(alarm.get_absolute_url())
    text = text_of(page)
    assert faults_of(page) == []
    assert alarm.title in text and drifting.check.headline in text
    assert drifting.check.findings[0] in text
    as_olga.post(reverse("monitoring:acknowledge", args=[alarm.pk]))
    text = text_of(as_olga.get(alarm.get_absolute_url()))
    assert "UTC by olga" in text and "Acknowledge " not in text.split("You look after")[1][:30]
    as_olga.post(reverse("monitoring:resolve", args=[alarm.pk]))
    alarm.refresh_from_db()
    assert (alarm.status, alarm.resolved_by.username) == ("resolved", "olga")


def test_alarms_are_filtered(as_vera, drifting):
    url = reverse("monitoring:alarms")
    assert "columns changed" in text_of(as_vera.get(url))
    filtered = as_vera.get(f"{url}?status=resolved")
    assert faults_of(filtered) == [] and "No alarm matches" in text_of(filtered)


def test_without_alarms_the_list_says_when_one_opens(as_vera):
    assert "No alarm so far" in text_of(as_vera.get(reverse("monitoring:alarms")))


@pytest.mark.parametrize(
    ("name", "argument"),
    [("run", "houses"), ("rebuild", "houses"), ("acknowledge", 1), ("resolve", 1)],
)
def test_viewers_see_no_buttons_and_may_not_press_them(as_vera, drifting, name, argument):
    url = reverse(f"monitoring:{name}", args=[argument])
    assert as_vera.post(url, {"window": "week"}).status_code == 403
    assert as_vera.get(url).status_code == 405
    for page in ("deployment", "initial"):
        shown = as_vera.get(reverse(f"monitoring:{page}", args=["houses"])).content.decode()
        assert url not in shown


def test_strangers_are_sent_to_the_login(as_nobody):
    assert as_nobody.get(reverse("monitoring:drift")).url.startswith("/login/")
