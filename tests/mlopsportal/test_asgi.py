"""The one application: each path goes to its part, whatever is tried with its letters."""

from typing import Any

import pytest

from mlopsportal import asgi
from mlopsportal.asgi import Portal
from tests.asgi import request


@pytest.fixture
def portal(monkeypatch: pytest.MonkeyPatch) -> Portal:
    """Return the application with parts that answer their own name."""

    def part(name: str) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": name.encode()})

        return answer

    found = Portal()
    for name in ("gateway", "mlflow", "static"):
        monkeypatch.setattr(found, name, part(name))
    monkeypatch.setattr(asgi, "_django", part("django"))
    return found


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "django"),
        ("/models/wine/invocations", "gateway"),
        ("/%6Dodels/wine/invocations", "gateway"),
        ("/models/", "gateway"),
        ("/models", "django"),
        ("/models2/wine", "django"),
        ("//models/wine/invocations", "django"),
        ("/Models/wine/invocations", "django"),
        ("/livez", "gateway"),
        ("/readyz", "gateway"),
        ("/healthz", "gateway"),
        ("/livez/", "django"),
        ("/mlflow", "mlflow"),
        ("/mlflow/", "mlflow"),
        ("/mlflow/api/2.0/x", "mlflow"),
        ("/%6Dlflow/api", "mlflow"),
        ("//mlflow/api", "django"),
        ("/mlflow2", "django"),
        ("/x/../mlflow/api", "django"),
        ("/static/css/base.css", "static"),
        ("/api/v1/me", "django"),
    ],
)
async def test_a_path_goes_to_its_part(portal: Portal, path: str, name: str) -> None:
    answer = await request(portal, "GET", path, raw=True)
    assert answer.body.decode() == name


async def test_a_web_socket_is_closed(portal: Portal) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    await portal({"type": "websocket", "path": "/mlflow/x"}, None, send)  # type: ignore[arg-type]
    assert sent == [{"type": "websocket.close", "code": 1000}]
