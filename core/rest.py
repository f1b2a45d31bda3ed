"""What every REST resource shares: JSON, paging, errors, waiting for jobs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from rest_framework import exceptions, pagination, renderers, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import InvalidError, JobFailed, PortalError
from core.jobs import wait_for
from core.models import Job

if TYPE_CHECKING:
    # The framework's views import the renderer and the pagination of the settings from here.
    from rest_framework.generics import GenericAPIView
    from rest_framework.serializers import BaseSerializer

LONGEST_WAIT = 60.0
_WHOLE_BODY = "non_field_errors"
_CODES = {
    400: "invalid",
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media_type",
    429: "too_many_requests",
}


class JSONRenderer(renderers.JSONRenderer):
    """JSON in UTF-8 as it is, without escapes."""

    charset = None
    ensure_ascii = False


class Pagination(pagination.PageNumberPagination):
    """Pages of `count`, `next`, `previous`, `results`; `?page_size=` up to 500."""

    page_size_query_param = "page_size"
    max_page_size = 500


class JobAnswer(serializers.Serializer[Any]):
    """Where the job that does it can be followed."""

    job = serializers.CharField()
    status = serializers.CharField()


def exception_handler(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Render every refusal as `{"code", "message", "hint", "fields"?}`."""
    if isinstance(error, PortalError):
        return Response(body_of(error), status=error.http_status)
    if isinstance(error, Http404):
        error = exceptions.NotFound(f"There is nothing at {_path(context)}.")
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    body: dict[str, Any] = {
        "code": _CODES.get(error.status_code, "error"),
        "message": _sentence(error.detail),
        "hint": "",
    }
    if isinstance(error, exceptions.ValidationError):
        body["fields"] = _fields(error.detail)
    headers = {}
    if error_header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error_header
    return Response(body, status=error.status_code, headers=headers)


def body_of(error: PortalError) -> dict[str, Any]:
    """Return a `PortalError` as REST clients and the ASGI applications show it."""
    body: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
    if isinstance(error, InvalidError) and error.fields:
        body["fields"] = error.fields
    return body


def paged(
    view: "GenericAPIView[Any]", rows: Any, serializer: "type[BaseSerializer[Any]]"
) -> Response:
    """Answer with a page of `rows` that are of another kind than the view's own."""
    page = view.paginate_queryset(rows)
    return view.get_paginated_response(serializer(page, many=True).data)


def job_response(request: Request, row: Job) -> Response:
    """Answer 202 with the job's address, after waiting for its end when `?wait=SECONDS` asks.

    A job that failed within the wait is answered as the error that it ended with.
    """
    seconds = wait_seconds(request)
    wait_for(row, seconds=seconds)
    if seconds and row.status == Job.Status.FAILED:
        raise JobFailed(
            row.error or f"{row} failed.",
            hint=row.hint,
            code=row.error_code or PortalError.code,
            http_status=row.error_status,
        )
    if row.status == Job.Status.SUCCEEDED:
        return Response({**_job(row), "result": row.result}, status=status.HTTP_200_OK)
    return accepted(row)


def accepted(row: Job) -> Response:
    """Answer 202 at once: where the job can be followed, in the body and as `Location`."""
    body = _job(row)
    headers = {"Location": body["job"]}
    return Response(body, status=status.HTTP_202_ACCEPTED, headers=headers)


def wait_seconds(request: Request) -> float:
    """Return how long `?wait=` asks to wait for a job, in seconds (0 without it).

    Raises:
        InvalidError: it is not a number between 0 and 60.
    """
    raw = request.query_params.get("wait", "0")
    try:
        seconds = float(raw)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= LONGEST_WAIT:
        raise InvalidError(
            f"wait is {raw!r}; it must be a number of seconds from 0 to {LONGEST_WAIT:.0f}.",
            fields={"wait": ["out of range"]},
        )
    return seconds


def _path(context: Mapping[str, Any]) -> str:
    """Return the address that was asked for; the framework gives the request in `context`."""
    request = context.get("request")
    return str(request.path)[:200] if request is not None else "this address"


def _job(row: Job) -> dict[str, str]:
    return {"job": reverse("api:job-detail", args=[row.pk]), "status": row.status}


def _sentence(detail: Any) -> str:
    if isinstance(detail, Mapping):
        said = {key: _sentence(value) for key, value in detail.items()}
        # The framework's word for the body as a whole, which tells people nothing.
        return " ".join(t if k == _WHOLE_BODY else f"{k}: {t}" for k, t in said.items())
    if isinstance(detail, list):
        return " ".join(_sentence(item) for item in detail)
    return str(detail)


def _fields(detail: Any) -> dict[str, list[str]]:
    if isinstance(detail, Mapping):
        return {str(key): [_sentence(value)] for key, value in detail.items()}
    return {_WHOLE_BODY: [_sentence(detail)]}
