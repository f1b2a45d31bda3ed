"""Pages of one check: the report, one of its columns, and the report as files."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.permissions import requires, user_in
from accounts.policy import Act
from core.models import Job
from monitoring import selectors
from monitoring.contexts.report import check_view, initial_view, one_column
from monitoring.downloads import file_name, html_file, json_file, zip_file
from monitoring.onefile import check_as_html
from monitoring.serializers import DegradationReportSerializer

ZIP_SECONDS = 5.0
"""How long a page waits for a zip file before it shows the job that writes it."""


@require_safe
@requires(Act.VIEW)
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one check."""
    row = selectors.check(pk)
    older, newer = selectors.neighbours(row)
    context: dict[str, Any] = {
        "check": row,
        "row": row.deployment,
        "view": check_view(row),
        "described": initial_view(row.described) if row.described else None,
        "older": older,
        "newer": newer,
    }
    return render(request, "monitoring/check.html", context)


@require_safe
@requires(Act.VIEW)
def column(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one column of a check."""
    row = selectors.check(pk)
    name = request.GET.get("name", "")
    view = one_column(row, name)
    if view is None:
        raise Http404(f"Check {pk} has no column {name!r}.")
    return render(request, "monitoring/column.html", {"check": row, "column": view})


@require_safe
@requires(Act.VIEW)
def check_html(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a check as one HTML file."""
    del request
    row = selectors.check(pk)
    return html_file(check_as_html(row), name=file_name(row))


@require_safe
@requires(Act.VIEW)
def check_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Return a check as REST shows it."""
    del request
    row = selectors.check(pk)
    return json_file(DegradationReportSerializer(row).data, name=file_name(row))


@require_safe
@requires(Act.VIEW)
def check_zip(request: HttpRequest, pk: int) -> HttpResponse:
    """Return the zip file of a check, or lead to the job that writes it."""
    row = selectors.check(pk)
    answer = zip_file(row, name=file_name(row), actor=user_in(request), seconds=ZIP_SECONDS)
    return wait_on_page(request, answer) if isinstance(answer, Job) else answer


def wait_on_page(request: HttpRequest, job: Job) -> HttpResponse:
    """Lead to a job that failed, or takes longer than a page may."""
    if job.is_open:
        messages.info(request, "The file is still being written: come back for it once it is done.")
    else:
        messages.error(request, "The file could not be written.")
    return redirect(job)
