"""Pages of predictions: the list of what was asked and answered, and one of them."""

from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.permissions import requires
from accounts.policy import Act
from core.paging import page_of
from deployments import calling
from deployments import selectors as deployed
from deployments.models import Deployment
from gateway import display, exports, selectors
from gateway.forms import PredictionFilterForm

ROWS_SHOWN = 100


@require_safe
@requires(Act.VIEW)
def predictions(request: HttpRequest) -> HttpResponse:
    """List predictions of one deployment or all, newest first."""
    rows = {row.name: row for row in deployed.deployments()}
    asked = rows.get(request.GET.get("deployment", ""))
    form = PredictionFilterForm(
        request.GET,
        deployments=rows,
        versions=deployed.versions_served(asked.name) if asked else [],
    )
    page = page_of(request, selectors.Found(form.query()))
    example = asked or next((row for row in rows.values() if row.wanted), None)
    context = {
        "form": form,
        "span": form.span,
        "asked": asked,
        "page": page,
        "lines": [display.line(*pair) for pair in selectors.with_truths(page)],
        "downloads": _downloads(asked, form) if asked else [],
        "any_deployment": bool(rows),
        "example": example,
        "call": calling.call_of(example) if example and not page.object_list else None,
    }
    return render(request, "gateway/predictions.html", context)


@require_safe
@requires(Act.VIEW)
def prediction(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one prediction: what was asked, what was answered, and what was true."""
    row = selectors.prediction(pk)
    _, truths = next(selectors.with_truths([row]))
    shown = display.detail(row, truths)
    context = {
        "prediction": row,
        "shown": shown,
        "page": page_of(request, shown.rows, size=ROWS_SHOWN),
    }
    return render(request, "gateway/prediction.html", context)


def _downloads(row: Deployment, form: PredictionFilterForm) -> list[tuple[str, str]]:
    """Return (form, address) of the REST paths that stream the same stretch of time."""
    path = reverse("api:predictions", args=[row.name])
    asked = form.export_parameters()
    return [
        (kind, f"{path}?{urlencode({**asked, 'format': kind})}") for kind in exports.CONTENT_TYPES
    ]
