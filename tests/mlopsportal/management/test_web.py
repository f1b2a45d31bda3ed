"""Whom the web process believes about where a request comes from."""

from typing import Any

import pytest
import uvicorn
from django.conf import LazySettings
from django.core.management import call_command
from django.test import Client

from tests.asgi import request

FORGED = {"x-forwarded-for": "203.0.113.5", "x-forwarded-proto": "https"}


async def _seen(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """Return address and scheme as the application sees them behind what `web` starts."""
    options: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **given: options.update(given))
    call_command("web")
    found: list[tuple[str, str]] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        found.append((scope["client"][0], scope["scheme"]))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    kept = ("proxy_headers", "forwarded_allow_ips")
    config = uvicorn.Config(application, log_config=None, **{key: options[key] for key in kept})
    config.load()
    # The tests' requests come from 192.0.2.9.
    await request(config.loaded_app, "GET", "/", headers=headers)
    return found[0]


@pytest.mark.parametrize("proxies", [[], ["10.0.0.7"], ["198.51.100.0/24"]])
async def test_what_a_stranger_says_of_itself_is_not_believed(
    proxies: list[str], settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES = proxies
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "*")
    assert await _seen(FORGED, monkeypatch) == ("192.0.2.9", "http")


@pytest.mark.parametrize(
    ("chain", "address"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("127.0.0.1, 203.0.113.5", "203.0.113.5"),
        ("127.0.0.1, 203.0.113.5, 10.1.2.3", "203.0.113.5"),
    ],
)
async def test_behind_a_trusted_proxy_the_last_stranger_is_the_client(
    chain: str, address: str, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.TRUSTED_PROXIES = ["192.0.2.9", "10.0.0.0/8"]
    headers = {"x-forwarded-for": chain, "x-forwarded-proto": "https"}
    assert await _seen(headers, monkeypatch) == (address, "https")


@pytest.mark.django_db
def test_no_header_makes_a_request_secure(client: Client) -> None:
    answer = client.get("/login/", headers={"x-forwarded-proto": "https"})
    assert not answer.wsgi_request.is_secure()
