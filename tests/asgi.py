"""Requests to ASGI applications within the test's own event loop, as a server would bring them."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote


@dataclass
class Reply:
    """What the application sent; `whole` says whether it came to an end."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    size: int = 0
    whole: bool = False

    def header(self, name: str) -> str | None:
        """Return the value of a header, None without it."""
        return next((value for key, value in self.headers if key == name), None)

    def json(self) -> Any:
        """Return the body decoded."""
        return json.loads(self.body)


async def request(
    application: Any,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    chunks: AsyncIterator[bytes] | None = None,
    raw: bool = False,
    keep: bool = True,
    leave_after: float | None = None,
    on_start: Callable[[], None] = lambda: None,
) -> Reply:
    """Send a request and return the reply.

    `path` is percent-encoded as a client would, unless it is `raw`. `chunks` stream the body.
    With `leave_after` the client goes away so many seconds after the body. Without `keep` only
    the size of the answer is kept. `on_start` is called when the answer begins to be sent.
    """
    target, _, query = path.partition("?")
    encoded = target if raw else quote(target)
    given = {"host": "testserver", **(headers or {})}
    if body:
        given.setdefault("content-length", str(len(body)))
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": unquote(encoded),
        "raw_path": encoded.encode("latin-1"),
        "query_string": query.encode(),
        "headers": _encoded(given.items()),
        "client": ("192.0.2.9", 5000),
        "server": ("testserver", 80),
    }
    reply = Reply()
    messages = _messages(body, chunks, leave_after)

    async def receive() -> dict[str, Any]:
        return await anext(messages)

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            on_start()
            reply.status = message["status"]
            reply.headers = [(k.decode(), v.decode("latin-1")) for k, v in message["headers"]]
        else:
            part = message.get("body", b"")
            reply.size += len(part)
            if keep:
                reply.body += part
            reply.whole = not message.get("more_body", False)

    await application(scope, receive, send)
    await messages.aclose()
    return reply


def _encoded(pairs: Iterable[tuple[str, str]]) -> list[tuple[bytes, bytes]]:
    return [(key.lower().encode(), value.encode("latin-1")) for key, value in pairs]


async def _messages(
    body: bytes, chunks: AsyncIterator[bytes] | None, leave_after: float | None
) -> AsyncIterator[dict[str, Any]]:
    if chunks is None:
        yield {"type": "http.request", "body": body, "more_body": False}
    else:
        async for chunk in chunks:
            yield {"type": "http.request", "body": chunk, "more_body": True}
        if leave_after is None:
            yield {"type": "http.request", "body": b"", "more_body": False}
    await asyncio.sleep(3600 if leave_after is None else leave_after)
    yield {"type": "http.disconnect"}
