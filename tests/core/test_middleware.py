"""Errors as pages: refusals of the portal alone."""

from django.test import RequestFactory

from core.errors import ConflictError
from core.middleware import PortalErrorMiddleware


def test_what_is_no_refusal_is_left_to_django() -> None:
    middleware = PortalErrorMiddleware(lambda request: None)  # type: ignore[arg-type,return-value]
    request = RequestFactory().get("/")
    assert middleware.process_exception(request, ValueError("odd")) is None
    page = middleware.process_exception(request, ConflictError("Taken.", hint="Try <again>."))
    assert page is not None
    assert "Try &lt;again&gt;." in page.content.decode()
