"""The home page."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.permissions import principal_in, requires
from accounts.policy import Act, allows
from deployments import overview
from deployments import selectors as deployments
from mlopsportal.home import gather
from registry import selectors as registry


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
    return render(request, "home.html", context)
