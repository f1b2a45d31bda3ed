"""Middleware of REST: `Idempotency-Key` on a POST, honoured for callers who are known."""

import hashlib
from collections.abc import Callable, Iterator

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.multipartparser import MultiPartParserError
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.authentication import TokenAuthentication
from core import idempotency
from core.errors import InvalidError, PortalError
from core.idempotency import Keyed, StillRunning
from core.rest import body_of

GetResponse = Callable[[HttpRequest], HttpResponseBase]

REST = "/api/"
HEADER = "Idempotency-Key"
LONGEST_KEY = 200


class IdempotencyMiddleware:
    """Answers a POST that was answered before with the same answer, and does nothing again."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        key = request.headers.get(HEADER, "")
        if request.method != "POST" or not key or not request.path.startswith(REST):
            return self.get_response(request)
        caller = _caller(request)
        if caller is None:
            return self.get_response(request)  # which asks for credentials
        try:
            _check(key)
            keyed = Keyed(caller=caller, key=key, fingerprint=_fingerprint(request))
            replay = idempotency.begin(keyed)
        except PortalError as error:
            return _refused(error)
        if replay is None:
            return self._answer(request, keyed)
        response = HttpResponse(replay.body, status=replay.status, content_type=replay.content_type)
        response["Idempotent-Replay"] = "true"
        return response

    def _answer(self, request: HttpRequest, keyed: Keyed) -> HttpResponseBase:
        """Let the view answer, and keep what it says."""
        try:
            response = self.get_response(request)
        except BaseException:
            idempotency.forget(keyed)
            raise
        if isinstance(response, HttpResponse):
            idempotency.finish(
                keyed,
                status=response.status_code,
                content_type=response.headers.get("Content-Type", ""),
                body=response.content,
            )
        else:
            idempotency.forget(keyed)  # a stream is not kept
        return response


def _caller(request: HttpRequest) -> str | None:
    """Return who asks, or None for somebody who is not known: then there is nothing to keep."""
    if request.headers.get("Authorization"):
        try:
            found = TokenAuthentication().authenticate(Request(request))
        except AuthenticationFailed:
            return None
        return f"token:{found[1].token_id}" if found else None
    return f"user:{request.user.pk}" if request.user.is_authenticated else None


def _check(key: str) -> None:
    if len(key) > LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise InvalidError(
            f"{HEADER} must be 1 to {LONGEST_KEY} printable ASCII characters.",
            hint="A UUID does well.",
            fields={HEADER: ["not usable"]},
        )


def _fingerprint(request: HttpRequest) -> str:
    """Return what tells the request from every other: SHA-256 of address, kind and body.

    Raises:
        InvalidError: the body is no form, although it says so, or too large to be held.
    """
    kind = (request.content_type or "").lower()
    digest = hashlib.sha256(f"{request.get_full_path()}\n{kind}\n".encode())
    if kind == "multipart/form-data":
        # A boundary is made anew for each sending, so the parts count, not their bytes as sent.
        try:
            parts = _parts(request)
            for part in parts:
                digest.update(hashlib.sha256(part).digest())
        except MultiPartParserError as error:
            raise InvalidError(f"The form cannot be read: {error}") from error
    else:
        try:
            digest.update(request.body)
        except RequestDataTooBig as error:
            raise InvalidError(
                f"A body under an {HEADER} may have "
                f"{settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes at most.",
                hint="Send a larger one as a file of a form, or without the key.",
            ) from error
    return digest.hexdigest()


def _parts(request: HttpRequest) -> Iterator[bytes]:
    for name, values in sorted(request.POST.lists()):
        yield f"{name}\n{values!r}".encode()
    for name, files in sorted(request.FILES.lists()):
        for file in files:
            content = hashlib.sha256()
            for chunk in file.chunks():
                content.update(chunk)
            file.seek(0)
            yield f"{name}\n{file.name}\n{content.hexdigest()}".encode()


def _refused(error: PortalError) -> JsonResponse:
    response = JsonResponse(body_of(error), status=error.http_status)
    if isinstance(error, StillRunning):
        response["Retry-After"] = "1"
    return response
