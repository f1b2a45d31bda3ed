"""The portal's own pages: home, background jobs, who did what, and how it is set."""

from itertools import groupby
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import principal_in, requires, user_in
from accounts.policy import Act, allows
from core import jobs as work
from core import selectors
from core.jobs.kinds import title_of
from core.models import Job
from core.paging import page_of
from deployments import overview
from deployments import selectors as deployments
from mlopsportal.env import env
from mlopsportal.forms import AuditFilterForm, JobFilterForm
from mlopsportal.home import gather
from registry import selectors as registry

LINES_SHOWN = 1000


@require_safe
@requires(Act.VIEW)
def home(request: HttpRequest) -> HttpResponse:
    """Show what is live, what needs somebody, and what was done; at first, how to begin."""
    page = gather()
    context = {
        "home": page,
        "spark": overview.spark_of(page.traffic, label="Predictions by hour"),
        "model_names": registry.model_names(),
        "is_new": not deployments.names(),
        "public_url": settings.PUBLIC_URL,
        "may_deploy": allows(principal_in(request), Act.DEPLOY),
    }
    return render(request, "mlopsportal/home.html", context)


@require_safe
@requires(Act.VIEW)
def jobs(request: HttpRequest) -> HttpResponse:
    """List background work, newest first."""
    form = JobFilterForm(request.GET)
    page = page_of(request, selectors.jobs(**form.chosen()))
    return render(request, "mlopsportal/jobs.html", {"form": form, "page": page})


@require_safe
@requires(Act.VIEW)
def job(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Show one job with its log; htmx gets the part that changes."""
    row = get_object_or_404(selectors.jobs(), pk=job_id)
    context = {
        "job": row,
        "lines": selectors.last_lines(row, count=LINES_SHOWN),
        "lines_shown": LINES_SHOWN,
        "may_act": allows(principal_in(request), Act.DEPLOY),
    }
    template = "_job_live.html" if request.headers.get("HX-Request") else "job.html"
    return render(request, f"mlopsportal/{template}", context)


@require_safe
@requires(Act.VIEW)
def job_progress(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Return the line about a job that other pages keep fresh (`partials/_job.html`)."""
    row = get_object_or_404(selectors.jobs(), pk=job_id)
    reload = "reload" in request.GET
    context = {"job": row, "reload": reload}
    context["last_line"] = next(iter(selectors.last_lines(row, count=1)), None)
    response = render(request, "partials/_job.html", context)
    if reload and not row.is_open:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@requires(Act.DEPLOY)
def job_retry(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """Run a failed or cancelled job again."""
    row = get_object_or_404(Job, pk=job_id)
    again = work.retry(row, actor=user_in(request))
    messages.success(request, f"{title_of(row.kind)} runs again.")
    return redirect(again)


@require_POST
@requires(Act.DEPLOY)
def job_cancel(request: HttpRequest, job_id: UUID) -> HttpResponse:
    """End a job that has not ended."""
    row = get_object_or_404(Job, pk=job_id)
    work.cancel(row, actor=user_in(request))
    messages.success(request, f"{title_of(row.kind)} was cancelled.")
    return redirect(row)


@require_safe
@requires(Act.ADMINISTER)
def audit(request: HttpRequest) -> HttpResponse:
    """List who did what, newest first."""
    form = AuditFilterForm(request.GET)
    page = page_of(request, selectors.audit_entries(**form.chosen()))
    return render(request, "mlopsportal/audit.html", {"form": form, "page": page})


@require_safe
@requires(Act.ADMINISTER)
def settings_list(request: HttpRequest) -> HttpResponse:
    """List every setting with what holds now and where it comes from; secrets are masked."""
    registered = env.registered.values()
    sections = [(name, list(group)) for name, group in groupby(registered, key=lambda s: s.section)]
    return render(request, "mlopsportal/settings.html", {"sections": sections})
