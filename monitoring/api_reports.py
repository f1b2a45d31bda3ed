"""REST of reports: the initial and the degradation report as JSON, one-file HTML and zip."""

from collections.abc import Iterable

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import user_in
from core import timerange
from core.errors import InvalidError, NotFoundError, PortalError
from core.jobs import wait_for
from core.models import Job
from core.rest import JobAnswer, accepted, wait_seconds
from deployments import selectors as deployments
from deployments.models import Deployment
from monitoring import selectors, services
from monitoring.downloads import file_name, html_file, zip_file
from monitoring.models import Baseline, Check
from monitoring.onefile import baseline_as_html, check_as_html
from monitoring.rules import WATCHED_WINDOW
from monitoring.serializers import DegradationReportSerializer, InitialReportSerializer
from registry.models import ModelVersion

WAIT = OpenApiParameter(
    "wait",
    float,
    description="Seconds, up to 60, to wait for what a job must make first; without it 202 and the "
    "job at once. The result of a job that checked names the check for `?check=`.",
)
RANGE = [
    OpenApiParameter("window", str, enum=list(timerange.WINDOWS), description="Default: week."),
    OpenApiParameter("from", OpenApiTypes.DATETIME),
    OpenApiParameter("to", OpenApiTypes.DATETIME),
    OpenApiParameter("tz", str, description="Zone of times without an offset; default UTC."),
    OpenApiParameter("check", int, description="A check that was made already, by its number."),
    WAIT,
]
HTML_FILE = {(200, "text/html"): OpenApiTypes.STR, 202: JobAnswer}
ZIP_FILE = {(200, "application/zip"): OpenApiTypes.BINARY, 202: JobAnswer}


class FilesOfOneType(BaseContentNegotiation):
    """Answers whatever `Accept` says: the path names the type, and refusals are always JSON."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        """Return the first parser; these paths take no body."""
        del request
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the JSON renderer, which files pass by."""
        del request, format_suffix
        renderer = next(iter(renderers))
        return renderer, renderer.media_type or ""


class InitialReportView(APIView):
    """The initial report of the version that serves."""

    @extend_schema(parameters=[WAIT], responses={200: InitialReportSerializer, 202: JobAnswer})
    def get(self, request: Request, name: str) -> HttpResponse:
        """Return the baseline with its initial report, built first if there is none."""
        found = _baseline(request, name)
        return found if isinstance(found, Response) else self.answer(request, found)

    def answer(self, request: Request, row: Baseline) -> HttpResponse:
        """Return the report in the form of this path."""
        del request
        return Response(InitialReportSerializer(row).data)


class InitialHtmlView(InitialReportView):
    """The initial report as one HTML file."""

    content_negotiation_class = FilesOfOneType

    @extend_schema(parameters=[WAIT], responses=HTML_FILE)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Return the initial report as one HTML file."""
        return super().get(request, name)

    def answer(self, request: Request, row: Baseline) -> HttpResponse:
        """Return the file."""
        del request
        return html_file(baseline_as_html(row), name=file_name(row))


class InitialZipView(InitialReportView):
    """The initial report as a zip file of tables and pictures."""

    content_negotiation_class = FilesOfOneType

    @extend_schema(parameters=[WAIT], responses=ZIP_FILE)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Return CSV tables, pictures and the report as JSON in one zip file."""
        return super().get(request, name)

    def answer(self, request: Request, row: Baseline) -> HttpResponse:
        """Return the file, or the job that writes it."""
        return _zip(request, row)


class DegradationReportView(APIView):
    """The degradation report of a stretch of time."""

    @extend_schema(parameters=RANGE, responses={200: DegradationReportSerializer, 202: JobAnswer})
    def get(self, request: Request, name: str) -> HttpResponse:
        """Check the deployment over the range now, and return the check with its report."""
        found = _check(request, name)
        return found if isinstance(found, Response) else self.answer(request, found)

    def answer(self, request: Request, row: Check) -> HttpResponse:
        """Return the report in the form of this path."""
        del request
        return Response(DegradationReportSerializer(row).data)


class DegradationHtmlView(DegradationReportView):
    """The degradation report as one HTML file."""

    content_negotiation_class = FilesOfOneType

    @extend_schema(parameters=RANGE, responses=HTML_FILE)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Return the degradation report as one HTML file."""
        return super().get(request, name)

    def answer(self, request: Request, row: Check) -> HttpResponse:
        """Return the file."""
        del request
        return html_file(check_as_html(row), name=file_name(row))


class DegradationZipView(DegradationReportView):
    """The degradation report as a zip file of tables and pictures."""

    content_negotiation_class = FilesOfOneType

    @extend_schema(parameters=RANGE, responses=ZIP_FILE)
    def get(self, request: Request, name: str) -> HttpResponse:
        """Return CSV tables, pictures and the report as JSON in one zip file."""
        return super().get(request, name)

    def answer(self, request: Request, row: Check) -> HttpResponse:
        """Return the file, or the job that writes it."""
        return _zip(request, row)


def _baseline(request: Request, name: str) -> Baseline | Response:
    """Return the built baseline, or the job that builds it.

    Raises:
        NotFoundError: there is none to be had; the message says why.
    """
    version = _version(deployments.deployment(name))
    if selectors.baseline_of(version) is None:
        seconds = wait_seconds(request)
        job = services.request_baseline(version=version, actor=None)
        if wait_for(job, seconds=seconds).status != Job.Status.SUCCEEDED:
            return _pending(job)
    return selectors.built_baseline(version)


def _check(request: Request, name: str) -> Check | Response:
    """Return the check that was asked for, or the job that makes it."""
    row = deployments.deployment(name)
    asked = request.query_params
    if asked.get("check"):
        return _named_check(row.name, asked["check"])
    _version(row)
    span = timerange.parse(asked, default=WATCHED_WINDOW)
    seconds = wait_seconds(request)
    job = services.request_check(deployment=row, span=span, actor=user_in(request))
    if wait_for(job, seconds=seconds).status != Job.Status.SUCCEEDED:
        return _pending(job)
    return selectors.check(job.result["check"])


def _version(row: Deployment) -> ModelVersion:
    version = selectors.version_of(row)
    if version is None:
        raise NotFoundError(f"{row.name} has never had a version.", hint="Deploy one first.")
    return version


def _named_check(name: str, number: str) -> Check:
    if not number.isdecimal():
        raise InvalidError(f"check is {number!r}; it must be a number.", fields={"check": ["?"]})
    row = selectors.check(int(number))
    if row.deployment.name != name:
        raise NotFoundError(f"Check {number} is not of {name}.", permanent=True)
    return row


def _zip(request: Request, row: Check | Baseline) -> HttpResponse:
    seconds = wait_seconds(request)
    answer = zip_file(row, name=file_name(row), actor=user_in(request), seconds=seconds)
    return _pending(answer) if isinstance(answer, Job) else answer


def _pending(job: Job) -> Response:
    if job.status == Job.Status.FAILED:
        raise PortalError(job.error, hint=job.hint)
    return accepted(job)
