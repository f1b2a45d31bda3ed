"""What REST shares: errors in one form, JSON as it is, waiting for jobs."""

import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory

from accounts.models import User
from core.errors import (
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    PortalError,
    UnavailableError,
)
from core.models import Job
from core.rest import JSONRenderer, body_of, exception_handler, job_response, wait_seconds
from tests.conftest import Api
from tests.factories import a_job


def _asked(query: str = "") -> Request:
    return Request(APIRequestFactory().get(f"/api/v1/anything?{query}"))


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (PortalError("It broke."), 500, "internal"),
        (InvalidError("No.", fields={"a": ["b"]}), 400, "invalid"),
        (ForbiddenError("No."), 403, "forbidden"),
        (NotFoundError("No."), 404, "not_found"),
        (ConflictError("No."), 409, "conflict"),
        (UnavailableError("No."), 503, "unavailable"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "forbidden"),
        (exceptions.NotAuthenticated(), 401, "unauthenticated"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/x"), 415, "unsupported_media_type"),
        (exceptions.ParseError("JSON parse error"), 400, "invalid"),
    ],
)
def test_every_refusal_has_the_same_form(error: Exception, status: int, code: str) -> None:
    answer = exception_handler(error, {})
    assert answer is not None
    assert answer.status_code == status
    assert answer.data["code"] == code
    assert answer.data["message"].endswith((".", "r")), answer.data["message"]
    assert set(answer.data) - {"fields"} == {"code", "message", "hint"}


def test_what_is_not_there_is_named() -> None:
    answer = exception_handler(Http404(), {"request": _asked()})
    assert answer is not None
    assert answer.data["message"] == "There is nothing at /api/v1/anything."


def test_a_body_of_another_kind_is_said_without_the_frameworks_words() -> None:
    error = exceptions.ValidationError({"non_field_errors": ["Expected a dictionary."]})
    answer = exception_handler(error, {})
    assert answer is not None
    assert answer.data["message"] == "Expected a dictionary."


def test_faults_of_fields_are_named() -> None:
    answer = exception_handler(
        exceptions.ValidationError({"name": ["This field is required."]}), {}
    )
    assert answer is not None
    assert answer.data["fields"] == {"name": ["This field is required."]}
    assert answer.data["message"] == "name: This field is required."


def test_faults_within_a_list_are_told_as_well() -> None:
    answer = exception_handler(exceptions.ValidationError([{}, {"row": ["Too small."]}]), {})
    assert answer is not None
    assert "row: Too small." in answer.data["message"]


def test_a_fault_of_ours_is_left_to_django() -> None:
    assert exception_handler(ZeroDivisionError(), {}) is None


def test_an_error_without_fields_shows_none() -> None:
    assert body_of(InvalidError("No.")) == {"code": "invalid", "message": "No.", "hint": ""}


def test_letters_are_written_as_they_are() -> None:
    assert JSONRenderer().render({"name": "Wein für Ä"}) == '{"name":"Wein für Ä"}'.encode()


@pytest.mark.parametrize(("text", "seconds"), [("0", 0.0), ("1.5", 1.5), ("60", 60.0)])
def test_a_wait_is_a_number_of_seconds(text: str, seconds: float) -> None:
    assert wait_seconds(_asked(f"wait={text}")) == seconds
    assert wait_seconds(_asked()) == 0.0


@pytest.mark.parametrize("text", ["61", "-1", "nan", "inf", "soon", ""])
def test_another_wait_is_refused_by_its_value(text: str) -> None:
    with pytest.raises(InvalidError, match=f"wait is '{text}'"):
        wait_seconds(_asked(f"wait={text}"))


@pytest.mark.django_db
def test_work_that_goes_on_is_answered_by_its_address() -> None:
    row = a_job()
    answer = job_response(_asked(), row)
    assert answer.status_code == 202
    assert answer.data == {"job": f"/api/v1/jobs/{row.pk}", "status": "queued"}


@pytest.mark.django_db
def test_work_that_ends_within_the_wait_is_answered_with_its_result() -> None:
    row = a_job(status=Job.Status.RUNNING)
    seen = Job.objects.get(pk=row.pk)
    Job.objects.filter(pk=row.pk).update(status=Job.Status.SUCCEEDED, result={"n": 1})
    answer = job_response(_asked("wait=5"), seen)
    assert answer.status_code == 200
    assert answer.data["result"] == {"n": 1}


@pytest.mark.django_db
def test_work_that_fails_within_the_wait_is_answered_as_its_error() -> None:
    row = a_job(status=Job.Status.FAILED, error="No wheel of scikit-learn.", hint="Newer.")
    with pytest.raises(PortalError, match=r"No wheel of scikit-learn\.") as caught:
        job_response(_asked("wait=1"), row)
    assert caught.value.hint == "Newer."
    answer = exception_handler(caught.value, {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (500, "internal")


@pytest.mark.django_db
@pytest.mark.parametrize(("code", "status"), [("build_failed", 422), ("conflict", 409)])
def test_the_status_of_a_failed_job_is_that_of_its_error(code: str, status: int) -> None:
    row = a_job(status=Job.Status.FAILED, error="No.", error_code=code, error_status=status)
    with pytest.raises(PortalError) as caught:
        job_response(_asked("wait=1"), row)
    answer = exception_handler(caught.value, {})
    assert answer is not None
    assert (answer.status_code, answer.data["code"]) == (status, code)


@pytest.mark.django_db
def test_a_wait_that_is_over_is_answered_by_the_address() -> None:
    answer = job_response(_asked("wait=0.2"), a_job(status=Job.Status.RUNNING))
    assert (answer.status_code, answer.data["status"]) == (202, "running")


def test_an_unknown_address_of_rest_is_answered_as_json(api: Api, olga: User) -> None:
    answer = api(olga).get("/api/v1/nothing")
    assert answer.status_code == 404
    assert json.loads(answer.content)["code"] == "not_found"


@pytest.mark.parametrize("path", ["jobs/abc", "tokens/abc", "audit/x", "models/none", "jobs/%00"])
def test_an_odd_id_is_not_found(api: Api, ada: User, path: str) -> None:
    answer = api(ada).get(f"/api/v1/{path}")
    assert answer.status_code == 404, answer.content
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("a=1", "application/x-www-form-urlencoded", 415),
        ("[1, 2]", "application/json", 400),
        ("null", "application/json", 400),
        ('"text"', "application/json", 400),
        ("{}", "application/json", 400),
        ('{"model": {"a": 1}}', "application/json", 400),
        ('{"model": "\\u0000"}', "application/json", 400),
    ],
)
def test_a_malformed_body_is_refused(
    api: Api, olga: User, body: str, content_type: str, status: int
) -> None:
    answer = api(olga).post("/api/v1/deployments", body, content_type=content_type)
    assert answer.status_code == status, answer.content
    assert _refusal(answer)


def _refusal(answer: Any) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert set(body) - {"fields"} == {"code", "message", "hint"}
    assert "Traceback" not in body["message"]
    return body


@pytest.mark.django_db
@pytest.mark.parametrize("page", ["0", "-1", "99", "x"])
def test_a_page_that_is_not_there_is_not_found(api: Api, olga: User, page: str) -> None:
    answer = api(olga).get(f"/api/v1/jobs?page={page}")
    assert answer.status_code == 404
    assert _refusal(answer)["code"] == "not_found"


@pytest.mark.django_db
def test_a_list_comes_in_pages_of_a_chosen_size(api: Api, olga: User) -> None:
    for _ in range(3):
        a_job()
    body = api(olga).get("/api/v1/jobs?page_size=2").json()
    assert (body["count"], len(body["results"]), body["previous"]) == (3, 2, None)
    rest = api(olga).get(body["next"]).json()
    assert (len(rest["results"]), rest["next"]) == (1, None)
