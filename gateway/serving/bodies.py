"""The bodies of requests: how long they may take, how large one is, and how much all may hold."""

import asyncio
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from gateway.serving.http import ClientGone, Receive, Refusal, Scope, header

LINGER_SECONDS: Final = 5.0
"""How long a caller who was refused is still heard out, so that he reads why (RFC 9112, 9.6)."""


@dataclass(slots=True)
class BodyMemory:
    """How many bytes of bodies this process holds, received whole or in part."""

    held: int = 0


class Upload:
    """The body of one request, as it comes in.

    Bytes count against `memory` once they are here, not when they are announced: a caller who
    announces much and sends little takes nothing from others. `release` gives them back.
    """

    __slots__ = ("_ended", "_held", "_memory", "_receive", "_scope")

    def __init__(self, scope: Scope, receive: Receive, memory: BodyMemory) -> None:
        self._scope = scope
        self._receive = receive
        self._memory = memory
        self._held = 0
        self._ended = False

    @property
    def is_pending(self) -> bool:
        """Whether the caller may still be sending."""
        if self._ended:
            return False
        headers = self._scope["headers"]
        announced = header(headers, b"content-length") not in ("", "0")
        return announced or bool(header(headers, b"transfer-encoding"))

    async def read(self) -> bytes:
        """Return the whole body.

        Raises:
            Refusal: it is larger than `PORTAL_MAX_BODY` (413), known as early as can be; it is not
                here within `PORTAL_BODY_TIMEOUT` (408); the bodies of all requests together are
                more than `PORTAL_BODY_MEMORY` (429).
            ClientGone: the client went away.
        """
        declared = header(self._scope["headers"], b"content-length")
        if declared.isdecimal() and int(declared) > settings.MAX_BODY:
            raise _too_large(int(declared))
        seconds = settings.BODY_TIMEOUT.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                return await self._read()
        except TimeoutError as error:
            raise Refusal(
                408,
                "REQUEST_TIMEOUT",
                f"The body was not complete after {seconds:g} seconds; {self._held} bytes came.",
                hint="Send it faster or in smaller requests, or raise PORTAL_BODY_TIMEOUT.",
            ) from error

    async def discard(self) -> None:
        """Receive what still comes, for a few seconds at most, and keep none of it."""
        try:
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._ended:
                    await self._next()
        except (TimeoutError, ClientGone):
            return

    def release(self) -> None:
        """Give back the memory; nobody holds the body any more."""
        self._memory.held -= self._held
        self._held = 0

    async def _read(self) -> bytes:
        # One growing buffer: a list of a million chunks of one byte would be many times the body.
        buffer = bytearray()
        while True:
            chunk = await self._next()
            self._take(len(chunk))
            if self._ended and not buffer:
                return chunk
            buffer += chunk
            if self._ended:
                return bytes(buffer)

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            self._ended = True
            raise ClientGone
        self._ended = not message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk

    def _take(self, size: int) -> None:
        self._held += size
        self._memory.held += size
        if self._held > settings.MAX_BODY:
            raise _too_large(self._held)
        # A body that is alone always fits, whatever the settings say.
        if self._memory.held > settings.BODY_MEMORY and self._memory.held > self._held:
            raise Refusal(
                429,
                "RESOURCE_EXHAUSTED",
                f"The portal holds {settings.BODY_MEMORY} bytes of other requests already.",
                hint="Try again after a second, or raise PORTAL_BODY_MEMORY.",
                retry_after=1,
            )


def _too_large(size: int) -> Refusal:
    return Refusal(
        413,
        "REQUEST_ENTITY_TOO_LARGE",
        f"The body has {size} bytes or more; {settings.MAX_BODY} are allowed.",
        hint="Send fewer rows at a time, or raise PORTAL_MAX_BODY.",
    )
