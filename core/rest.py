"""What every REST resource shares: JSON, paging, errors, keyed requests, waiting for jobs."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.urls import reverse
from rest_framework import exceptions, pagination, renderers, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from core.errors import InvalidError, PortalError
from core.models import Job

if TYPE_CHECKING:
    # The framework's views import the renderer and the pagination of the settings from here.
    from rest_framework.generics import GenericAPIView
    from rest_framework.serializers import BaseSerializer

LONGEST_WAIT = 60.0
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
    del context  # the signature is the framework's
    if isinstance(error, PortalError):
        return Response(body_of(error), status=error.http_status)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
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
    until = time.monotonic() + seconds
    while row.is_open and time.monotonic() < until:
        time.sleep(0.1)
        row.refresh_from_db()
    body = {"job": reverse("api:job-detail", args=[row.pk]), "status": row.status}
    if seconds and row.status == Job.Status.FAILED:
        raise PortalError(row.error or f"{row} failed.", hint=row.hint)
    if row.status == Job.Status.SUCCEEDED:
        return Response({**body, "result": row.result}, status=status.HTTP_200_OK)
    return Response(body, status=status.HTTP_202_ACCEPTED)


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


def to_json(value: Any) -> bytes:
    """Encode plain values, datetimes and dataclasses as JSON bytes."""
    return msgspec.json.encode(value)


def _sentence(detail: Any) -> str:
    if isinstance(detail, Mapping):
        return " ".join(f"{key}: {_sentence(value)}" for key, value in detail.items())
    if isinstance(detail, list):
        return " ".join(_sentence(item) for item in detail)
    return str(detail)


def _fields(detail: Any) -> dict[str, list[str]]:
    if isinstance(detail, Mapping):
        return {str(key): [_sentence(value)] for key, value in detail.items()}
    return {"non_field_errors": [_sentence(detail)]}
