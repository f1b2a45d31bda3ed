"""The closed network of the tests: Unix sockets, and loopback ports that the tests opened."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings

_opened: set[int] = set()


class NetworkIsClosed(AssertionError):
    """A test reached for a host that is not its own."""


def is_allowed(family: int, address: Any) -> bool:
    """Say whether a test may connect to `address`."""
    if family == socket.AF_UNIX:
        return True
    host, port = address[0], address[1]
    ours = port in _opened or port == urlsplit(settings.BROKER_URL).port
    return host in ("127.0.0.1", "::1", "localhost") and ours


@contextmanager
def closed() -> Iterator[None]:
    """Close the network of this process within the block."""
    patch = pytest.MonkeyPatch()
    listen = socket.socket.listen

    def listening(self: socket.socket, *args: Any) -> None:
        listen(self, *args)
        if self.family != socket.AF_UNIX:
            _opened.add(self.getsockname()[1])

    def guarded(name: str) -> Any:
        real = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any) -> Any:
            if not is_allowed(self.family, address):
                raise NetworkIsClosed(f"A test reached for {address}; mark it live if it must.")
            return real(self, address)

        return connect

    with patch.context() as patched:
        patched.setattr(socket.socket, "listen", listening)
        for name in ("connect", "connect_ex"):
            patched.setattr(socket.socket, name, guarded(name))
        yield
