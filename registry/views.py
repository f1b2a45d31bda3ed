"""Pages of models and versions, as MLflow knows them."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from accounts.forms import add_refusal
from accounts.permissions import principal_in, require, requires, user_in
from accounts.policy import Act, allows
from core.errors import InvalidError
from core.paging import page_of
from registry import selectors, services, usage
from registry.forms import BaselineForm, ModelFilterForm
from registry.models import ModelVersion, RegistryState


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.VIEW)
def models(request: HttpRequest) -> HttpResponse:
    """List the registered models; a POST asks for MLflow to be read again."""
    if request.method == "POST":
        return _read_again(request)
    form = ModelFilterForm(request.GET)
    page = page_of(request, selectors.models(search=form.chosen()["search"]))
    places = usage.by_model([row.name for row in page])
    context = {
        "form": form,
        "page": page,
        "lines": [(row, places.get(row.name, [])) for row in page],
        "state": RegistryState.load(),
        "may_register": allows(principal_in(request), Act.REGISTER),
        "public_url": settings.PUBLIC_URL,
    }
    return render(request, "registry/models.html", context)


@require_safe
@requires(Act.VIEW)
def model(request: HttpRequest, name: str) -> HttpResponse:
    """Show one model: its versions side by side, and where it is deployed."""
    row = selectors.model(name)
    page = page_of(request, selectors.versions(row.name))
    places = usage.places([row.name])
    metrics = selectors.shared_metrics(page)
    lines = [
        (
            version,
            [place for place in places if place.version == version.version],
            [version.metrics.get(metric) for metric in metrics],
        )
        for version in page
    ]
    context = {
        "model": row,
        "page": page,
        "metrics": metrics,
        "places": places,
        "lines": lines,
        "may_deploy": allows(principal_in(request), Act.DEPLOY),
        "state": RegistryState.load(),
    }
    return render(request, "registry/model.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@requires(Act.VIEW)
def version(request: HttpRequest, name: str, version: str) -> HttpResponse:
    """Show what a version is and asks for; a POST uploads its training set."""
    row = selectors.version(name, version)
    form = BaselineForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        require(request, Act.MONITOR)
        if form.is_valid() and _uploaded(request, row, form):
            return redirect(row)
    places = [p for p in usage.places([row.model.name]) if p.version == row.version]
    context = {
        "version": row,
        "upload": getattr(row, "upload", None),
        "places": places,
        "form": form,
        "may_deploy": allows(principal_in(request), Act.DEPLOY),
        "may_upload": allows(principal_in(request), Act.MONITOR),
    }
    return render(request, "registry/version.html", context)


def _read_again(request: HttpRequest) -> HttpResponse:
    require(request, Act.REGISTER)
    services.nudge()
    messages.success(request, "MLflow is being read again; what is new appears in a few seconds.")
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(
        back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    ):
        back = reverse("registry:models")
    return redirect(back)


def _uploaded(request: HttpRequest, row: ModelVersion, form: BaselineForm) -> bool:
    """Keep the uploaded training set and say so, or show in the form why not."""
    file = form.cleaned_data["file"]
    try:
        kept = services.upload_dataset(
            version=row, file=file, file_name=file.name, actor=user_in(request)
        )
    except InvalidError as error:
        add_refusal(form, error)
        return False
    messages.success(request, f"{kept.file_name} with {kept.rows} rows is the training set now.")
    return True
