"""Pages of predictions: the list of what was asked and answered, and one of them."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from accounts.permissions import principal_in, requires
from accounts.policy import Act, allows
from core.errors import InvalidError
from core.paging import page_of
from deployments import calling
from deployments import selectors as deployed
from deployments.models import Deployment
from gateway import display, exports, selectors
from gateway.forms import PredictionFilterForm, TruthForm
from gateway.services import GivenTruth, give_truths
from gateway.stores import StoredPrediction

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
    return _one(request, row, display.detail(row, truths))


@require_POST
@requires(Act.MONITOR)
def give_truth(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Keep what a row should have been; one that was given before is corrected."""
    row = selectors.prediction(pk)
    _, truths = next(selectors.with_truths([row]))
    shown = display.detail(row, truths)
    form = TruthForm(request.POST, rows=row.rows, answers_text=shown.answers_text)
    if form.is_valid():
        given = GivenTruth(id=str(pk), **form.cleaned_data)
        who = principal_in(request).label
        try:
            give_truths(deployment=row.deployment, truths=[given], given_by=who)
        except InvalidError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"The truth of row {given.row} is kept.")
            return redirect("gateway:prediction", pk)
    return _one(request, row, shown, form=form)


def _one(
    request: HttpRequest,
    row: StoredPrediction,
    shown: display.Detail,
    *,
    form: TruthForm | None = None,
) -> HttpResponse:
    """Return the page of one prediction, with a form for its truth for who may give one."""
    may_give = bool(shown.rows) and allows(principal_in(request), Act.MONITOR)
    empty = TruthForm(rows=row.rows, answers_text=shown.answers_text) if may_give else None
    context = {
        "prediction": row,
        "shown": shown,
        "page": page_of(request, shown.rows, size=ROWS_SHOWN),
        "form": form or empty,
    }
    return render(request, "gateway/prediction.html", context, status=422 if form else 200)


def _downloads(row: Deployment, form: PredictionFilterForm) -> list[tuple[str, str]]:
    """Return (form, address) of the REST paths that stream the same predictions."""
    path = reverse("api:predictions", args=[row.name])
    asked = form.parameters()
    return [
        (kind, f"{path}?{urlencode({**asked, 'format': kind})}") for kind in exports.CONTENT_TYPES
    ]
