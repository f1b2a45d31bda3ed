"""Middleware of the pages: where a request comes from, and errors as pages."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from core.context import Origin, acting_from
from core.errors import PortalError

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestContextMiddleware:
    """Lets services know the door and address of the request without being handed them."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = "rest" if request.path.startswith("/api/") else "page"
        with acting_from(Origin(door=door, address=request.META.get("REMOTE_ADDR", ""))):
            return self.get_response(request)


class PortalErrorMiddleware:
    """Shows a `PortalError` that a page raised as a page with its message and next step."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        # Fragments for htmx share the URL of the whole page: a cache must not mix them.
        patch_vary_headers(response, ["HX-Request"])
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Render the error; anything but a `PortalError` is left to Django."""
        if not isinstance(exception, PortalError):
            return None
        return render(request, "error.html", {"error": exception}, status=exception.http_status)
