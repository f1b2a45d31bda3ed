"""The portal's own pages: jobs, audit, errors, and the frame around them."""

import uuid
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core import audit
from core.models import Job, JobLine
from mlopsportal.env import env
from tests import people
from tests.pages import faults_of, text_of

pytestmark = pytest.mark.django_db


def a_job(*, status: str = Job.Status.SUCCEEDED, lines: int = 0, **fields: object) -> Job:
    """Return a job of the clean-up with so many log lines."""
    now = timezone.now()
    started = None if status == Job.Status.QUEUED else now - timedelta(seconds=10)
    finished = None if status in Job.OPEN else now
    fields = {"kind": "core.cleanup", "queue": "portal", **fields}
    row = Job.objects.create(status=status, started=started, finished=finished, **fields)
    JobLine.objects.bulk_create(JobLine(job=row, text=f"line {i}") for i in range(lines))
    return row


# ---- the list of jobs --------------------------------------------------------------------------


def test_an_empty_list_of_jobs_says_what_will_be_here(as_vera: Client) -> None:
    response = as_vera.get("/jobs/")
    assert "No background work yet" in text_of(response)
    assert faults_of(response) == []


def test_jobs_are_listed_with_state_title_subject_and_who(as_vera: Client) -> None:
    a_job(status=Job.Status.FAILED, subject="deployment:wine", actor=people.ada())
    response = as_vera.get("/jobs/")
    assert "failed Clean-up of old jobs deployment:wine ada" in text_of(response)
    assert faults_of(response) == []


@pytest.mark.parametrize(
    "query", ["status=failed", "kind=odd.kind", "subject=deployment:wine", "status=failed&kind="]
)
def test_jobs_are_filtered(query: str, as_vera: Client) -> None:
    a_job(subject="other")
    a_job(status=Job.Status.FAILED, subject="deployment:wine", kind="odd.kind")
    page = as_vera.get(f"/jobs/?{query}").context["page"]
    assert [row.kind for row in page] == ["odd.kind"]


def test_a_filter_without_a_match_offers_to_clear_it_and_an_odd_one_is_ignored(
    as_vera: Client,
) -> None:
    a_job()
    assert "No job matches" in text_of(as_vera.get("/jobs/?subject=nothing"))
    assert len(as_vera.get("/jobs/?status=nonsense").context["page"]) == 1


def test_long_lists_have_pages_and_a_page_beyond_the_end_is_the_last(as_vera: Client) -> None:
    for _ in range(51):
        a_job()
    assert "1 to 50 of 51" in text_of(as_vera.get("/jobs/"))
    assert "51 to 51 of 51" in text_of(as_vera.get("/jobs/?page=99"))
    assert "1 to 50 of 51" in text_of(as_vera.get("/jobs/?page=odd"))


@pytest.mark.parametrize("address", ["/jobs/", "/audit/"])
def test_a_list_takes_as_many_queries_for_30_rows_as_for_10(
    address: str, django_assert_num_queries: object, as_ada: Client
) -> None:
    ada = people.ada()

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            as_ada.get(address)
        return len(captured)

    def grow(count: int) -> None:
        for i in range(count):
            a_job(actor=ada, subject=f"deployment:{i}")
            audit.record("deployed", object=f"deployment:{i}", actor=ada)

    grow(10)
    with_ten = queries()
    grow(20)
    assert queries() == with_ten <= 6


# ---- one job -----------------------------------------------------------------------------------


def test_a_job_shows_its_log_its_error_and_the_next_step(as_vera: Client) -> None:
    row = a_job(
        status=Job.Status.FAILED,
        lines=3,
        error="No wheel of scikit-learn 1.1.0.",
        hint="Register it again.",
        arguments={"version": "3"},
    )
    response = as_vera.get(row.get_absolute_url())
    for words in (
        "No wheel of scikit-learn",
        "Register it again.",
        "line 0",
        "line 2",
        "version 3",
    ):
        assert words in text_of(response)
    assert faults_of(response) == []


def test_only_the_end_of_a_very_long_log_is_shown(as_vera: Client) -> None:
    row = a_job(lines=1005)
    text = text_of(as_vera.get(row.get_absolute_url()))
    assert "line 1004" in text
    assert "line 4 " not in text
    assert "The last 1000 lines." in text


def test_a_job_refreshes_itself_while_it_is_open_only(as_vera: Client) -> None:
    running = as_vera.get(a_job(status=Job.Status.RUNNING).get_absolute_url())
    ended = as_vera.get(a_job().get_absolute_url())
    assert 'hx-trigger="every 2s"' in running.content.decode()
    assert "every 2s" not in ended.content.decode()


def test_htmx_gets_the_part_that_changes(as_vera: Client) -> None:
    row = a_job(status=Job.Status.RUNNING, lines=1)
    part = as_vera.get(row.get_absolute_url(), headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert "line 0" in text_of(part)
    assert faults_of(part) == []


def test_the_line_about_a_job_shows_what_it_said_last(as_vera: Client) -> None:
    row = a_job(status=Job.Status.RUNNING, lines=3)
    response = as_vera.get(f"/jobs/{row.pk}/progress/")
    assert "line 2" in text_of(response)
    assert "line 1" not in text_of(response)
    assert f'hx-get="/jobs/{row.pk}/progress/"' in response.content.decode()
    assert "HX-Refresh" not in response


def test_the_page_around_the_line_is_loaded_again_when_the_job_has_ended(as_vera: Client) -> None:
    row = a_job(status=Job.Status.RUNNING)
    address = f"/jobs/{row.pk}/progress/?reload=1"
    assert "?reload=1" in as_vera.get(address).content.decode()
    Job.objects.update(status=Job.Status.SUCCEEDED)
    assert as_vera.get(address)["HX-Refresh"] == "true"


def test_an_operator_runs_a_failed_job_again(as_olga: Client) -> None:
    row = a_job(status=Job.Status.FAILED)
    response = as_olga.post(f"/jobs/{row.pk}/retry/", follow=True)
    again = Job.objects.get(retry_of=row)
    assert response.redirect_chain == [(again.get_absolute_url(), 302)]
    assert again.actor == people.olga()
    assert "Clean-up of old jobs runs again." in text_of(response)


def test_an_operator_cancels_a_queued_job(as_olga: Client) -> None:
    row = a_job(status=Job.Status.QUEUED)
    as_olga.post(f"/jobs/{row.pk}/cancel/")
    row.refresh_from_db()
    assert row.status == Job.Status.CANCELLED


@pytest.mark.parametrize("act", ["retry", "cancel"])
def test_a_job_that_succeeded_can_neither_run_again_nor_be_cancelled(
    act: str, as_olga: Client
) -> None:
    row = a_job()
    assert as_olga.post(f"/jobs/{row.pk}/{act}/").status_code == 409
    assert Job.objects.count() == 1


@pytest.mark.parametrize("act", ["retry", "cancel"])
def test_a_viewer_may_not_act_on_jobs_and_sees_no_buttons(
    act: str, as_vera: Client, as_olga: Client
) -> None:
    row = a_job(status=Job.Status.FAILED if act == "retry" else Job.Status.QUEUED)
    assert as_vera.post(f"/jobs/{row.pk}/{act}/").status_code == 403
    assert f"/{act}/" not in as_vera.get(row.get_absolute_url()).content.decode()
    assert f"/{act}/" in as_olga.get(row.get_absolute_url()).content.decode()


@pytest.mark.parametrize("act", ["retry", "cancel"])
def test_an_act_needs_a_post(act: str, as_olga: Client) -> None:
    row = a_job(status=Job.Status.FAILED)
    assert as_olga.get(f"/jobs/{row.pk}/{act}/").status_code == 405


# ---- audit -------------------------------------------------------------------------------------


def test_the_audit_log_shows_who_did_what_and_what_changed(as_ada: Client) -> None:
    ada = people.ada()
    audit.record(
        "deployed", object="deployment:wine", actor=ada, before={"version": 2}, after={"version": 3}
    )
    response = as_ada.get("/audit/")
    assert "ada deployed deployment:wine version was 2 version 3" in text_of(response)
    assert faults_of(response) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("search=WINE", 2),
        ("search=wine+undeployed", 1),
        ("object=deployment:wine", 2),
        ("object=deployment:wine&search=undeployed", 1),
        ("door=rest", 0),
        ("search=nobody", 0),
    ],
)
def test_the_audit_log_is_filtered(query: str, found: int, as_ada: Client) -> None:
    ada = people.ada()
    for action, name in (("deployed", "wine"), ("undeployed", "wine"), ("deployed", "price")):
        audit.record(action, object=f"deployment:{name}", actor=ada)
    assert len(as_ada.get(f"/audit/?{query}").context["page"]) == found


def test_the_audit_log_is_for_administrators(as_vera: Client, as_olga: Client) -> None:
    assert as_olga.get("/audit/").status_code == 403
    assert as_vera.get("/audit/").status_code == 403


# ---- the frame ---------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["/jobs/", f"/jobs/{uuid.UUID(int=1)}/", "/audit/"])
def test_strangers_are_sent_to_the_login(address: str) -> None:
    response = Client().get(address)
    assert response.status_code == 302
    assert response["Location"].startswith("/login/?next=")


def test_the_rail_says_where_one_is(as_vera: Client) -> None:
    html = as_vera.get("/jobs/").content.decode()
    assert '<a href="/jobs/" aria-current="page">' in html
    assert html.count('aria-current="page"') == 1


def test_a_page_without_rail_entries_still_renders() -> None:
    request = RequestFactory().get("/x/")
    request.user = people.vera()
    html = render_to_string("base.html", {"user": request.user}, request=None)
    assert 'class="framed"' in html


def test_alarms_are_counted_in_the_title_and_turn_the_favicon() -> None:
    quiet = render_to_string("base.html", {})
    loud = render_to_string("base.html", {"alarm_count": 2})
    assert "<title>Page · MLOps portal</title>" in quiet
    assert "favicon-alarm.svg" not in quiet
    assert "<title>(2) Page · MLOps portal</title>" in loud
    assert "favicon-alarm.svg" in loud


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"'), ('"><b>', '<html lang="en">')],
)
def test_the_appearance_of_the_cookie_is_there_before_the_page_is_drawn(
    cookie: str, expected: str, as_vera: Client
) -> None:
    as_vera.cookies["portal_theme"] = cookie
    assert expected in as_vera.get("/jobs/").content.decode()


# ---- errors ------------------------------------------------------------------------------------


def test_a_refusal_is_a_page_with_its_message_next_step_and_status(as_olga: Client) -> None:
    row = a_job()
    response = as_olga.post(f"/jobs/{row.pk}/retry/")
    assert response.status_code == 409
    assert "409 · conflict" in text_of(response)
    assert "only a failed or cancelled job runs again" in text_of(response)
    assert faults_of(response) == []


def test_unknown_addresses_and_jobs_get_the_page_of_404(as_vera: Client) -> None:
    for address in ("/nothing/here/", f"/jobs/{uuid.uuid4()}/"):
        response = as_vera.get(address)
        assert response.status_code == 404
        assert "There is no page at this address." in text_of(response)
        assert faults_of(response) == []


def test_a_form_that_is_too_old_says_so() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people.olga())
    response = browser.post(f"/jobs/{a_job().pk}/retry/")
    assert response.status_code == 403
    assert "This form is too old to be sent." in text_of(response)


def test_the_pages_of_errors_need_nothing() -> None:
    assert "The portal made a mistake" in render_to_string("500.html")
    assert "You may not open this page." in render_to_string("403.html")


# ---- settings ----------------------------------------------------------------------------------


def test_the_settings_page_names_each_setting_and_shows_no_secret(
    as_ada: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = env.registered["SECRET_KEY"]
    monkeypatch.setitem(env.registered, "SECRET_KEY", replace(key, value="hush-hush"))
    response = as_ada.get("/settings/")
    text = text_of(response)
    assert all(name in text for name in env.registered)
    assert "hush-hush" not in text
    assert faults_of(response) == []
