"""Pages of all deployments and of one: checks, the initial report, the history of metrics."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import principal_in, requires, user_in
from accounts.policy import Act, allows
from core import timerange
from core.errors import ConflictError
from core.models import Job
from core.paging import page_of
from deployments import selectors as deployments
from deployments.models import Deployment
from monitoring import selectors, services
from monitoring.contexts.metrics import history_chart, record_views
from monitoring.contexts.overview import drift_rows, history_strip
from monitoring.contexts.report import baseline_view
from monitoring.downloads import file_name, html_file, json_file, zip_file
from monitoring.forms import SpanForm
from monitoring.models import Baseline
from monitoring.onefile import baseline_as_html
from monitoring.rules import WATCHED_WINDOW
from monitoring.serializers import InitialReportSerializer
from monitoring.views.checks import ZIP_SECONDS, wait_on_page
from registry.models import ModelVersion

WINDOWS = tuple(timerange.WINDOWS)
FROM_TO = "from-to"
CHECKS_IN_STRIP = 60
RECORDS_IN_CHART = 200


@require_safe
@requires(Act.VIEW)
def drift(request: HttpRequest) -> HttpResponse:
    """List all deployments, worst first."""
    page = page_of(request, selectors.drift_states())
    context = {"page": page, "rows": drift_rows(list(page))}
    return render(request, "monitoring/drift.html", context)


@require_safe
@requires(Act.VIEW)
def deployment(request: HttpRequest, name: str) -> HttpResponse:
    """Show the newest check of a window, the checks before it, and what they are made against."""
    row = deployments.deployment(name)
    window = request.GET.get("window", WATCHED_WINDOW)
    checks = selectors.checks(row, window=window if window in WINDOWS else "")
    version = selectors.version_of(row)
    context = {
        **_frame(request, row),
        "window": window,
        "windows": WINDOWS,
        "watched": WATCHED_WINDOW,
        "check": checks.first(),
        "page": page_of(request, checks),
        "strip": history_strip(list(checks[:CHECKS_IN_STRIP])),
        "version": version,
        "baseline": selectors.baseline_of(version) if version else None,
        "job": selectors.open_check_job(row),
        "form": SpanForm(auto_id="span_%s"),
    }
    return render(request, "monitoring/deployment.html", context)


@require_POST
@requires(Act.MONITOR)
def run(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for a check over a named window, or over a from-to."""
    row = deployments.deployment(name)
    if "window" in request.POST:
        span = timerange.named(request.POST["window"])
    else:
        form = SpanForm(request.POST, auto_id="span_%s")
        if not form.is_valid():
            context = {**_frame(request, row), "form": form}
            return render(request, "monitoring/span.html", context, status=422)
        span = form.cleaned_data["span"]
    services.request_check(deployment=row, span=span, actor=user_in(request))
    messages.success(request, f"{row.name} is checked: {span.label}.")
    page = reverse("monitoring:deployment", args=[row.name])
    return redirect(f"{page}?window={span.name or FROM_TO}")


@require_safe
@requires(Act.VIEW)
def initial(request: HttpRequest, name: str) -> HttpResponse:
    """Show the initial report: what the baseline of the present version looks like."""
    row = deployments.deployment(name)
    version = selectors.version_of(row)
    baseline = selectors.baseline_of(version) if version else None
    context = {
        **_frame(request, row),
        "version": version,
        "baseline": baseline,
        "view": baseline_view(baseline) if baseline else None,
        "job": selectors.open_baseline_job(version) if version else None,
    }
    return render(request, "monitoring/initial.html", context)


@require_POST
@requires(Act.MONITOR)
def rebuild(request: HttpRequest, name: str) -> HttpResponse:
    """Ask for the baseline to be built anew."""
    row = deployments.deployment(name)
    job = services.request_baseline(version=_version(row), actor=user_in(request))
    messages.success(request, "The baseline is built anew.")
    return redirect(job)


@require_safe
@requires(Act.VIEW)
def initial_html(request: HttpRequest, name: str) -> HttpResponse:
    """Return the initial report as one HTML file."""
    del request
    row = _baseline(name)
    return html_file(baseline_as_html(row), name=file_name(row))


@require_safe
@requires(Act.VIEW)
def initial_json(request: HttpRequest, name: str) -> HttpResponse:
    """Return the initial report as REST shows it."""
    del request
    row = _baseline(name)
    return json_file(InitialReportSerializer(row).data, name=file_name(row))


@require_safe
@requires(Act.VIEW)
def initial_zip(request: HttpRequest, name: str) -> HttpResponse:
    """Return the zip file of the initial report, or lead to the job that writes it."""
    row = _baseline(name)
    answer = zip_file(row, name=file_name(row), actor=user_in(request), seconds=ZIP_SECONDS)
    return wait_on_page(request, answer) if isinstance(answer, Job) else answer


@require_safe
@requires(Act.VIEW)
def metrics(request: HttpRequest, name: str) -> HttpResponse:
    """Show the history of a deployment's metrics."""
    row = deployments.deployment(name)
    records = selectors.metric_records(row)
    page = page_of(request, records, size=20)
    context = {
        **_frame(request, row),
        "page": page,
        "records": record_views(page),
        "chart": history_chart(list(records[:RECORDS_IN_CHART])),
    }
    return render(request, "monitoring/metrics.html", context)


def _frame(request: HttpRequest, row: Deployment) -> dict[str, object]:
    return {"row": row, "may_monitor": allows(principal_in(request), Act.MONITOR)}


def _version(row: Deployment) -> ModelVersion:
    version = selectors.version_of(row)
    if version is None:
        raise ConflictError(f"{row.name} has never had a version.", hint="Deploy one first.")
    return version


def _baseline(name: str) -> Baseline:
    return selectors.built_baseline(_version(deployments.deployment(name)))
