"""Small pieces of HTTP that the gateway's handlers share: answers, errors, headers."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import msgspec

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]

JSON: Final = b"application/json"


@dataclass(slots=True)
class Answer:
    """What is sent back: status, body and headers."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Headers = field(default_factory=list)

    async def send(self, send: Send) -> None:
        """Send it whole."""
        await send(self._start())
        await send({"type": "http.response.body", "body": self.body})

    async def send_and_close(self, send: Send, until: Awaitable[None]) -> None:
        """Send it, and close the connection as soon as `until` is over."""
        self.headers = [*self.headers, (b"connection", b"close")]
        await send(self._start())
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        await until
        await send({"type": "http.response.body", "body": b""})

    def _start(self) -> MutableMapping[str, Any]:
        head = [
            (b"content-type", self.content_type),
            (b"content-length", b"%d" % len(self.body)),
            *self.headers,
        ]
        return {"type": "http.response.start", "status": self.status, "headers": head}


class Refusal(Exception):
    """The gateway answers with an error: status, code, message and next step."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        hint: str = "",
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.hint = hint
        self.retry_after = retry_after

    def answer(self) -> Answer:
        """Return the error as MLflow's clients expect it, with a hint of ours."""
        body = {"error_code": self.code, "message": self.message, "hint": self.hint}
        headers: Headers = []
        if self.retry_after is not None:
            headers.append((b"retry-after", b"%d" % self.retry_after))
        if self.status == 401:
            headers.append((b"www-authenticate", b'Bearer realm="portal"'))
        return Answer(self.status, msgspec.json.encode(body), headers=headers)


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str:
    """Return the value of a request header (its name in lower case), or an empty string."""
    for key, value in headers:
        if key == name:
            return value.decode("latin-1")
    return ""


def header_value(text: str) -> bytes:
    """Return any text as a header's value: what is not printable ASCII is percent-encoded."""
    return quote(text, safe=" !#$&'()*+,-./:;<=>?@[]^_`{|}~").encode("ascii")
