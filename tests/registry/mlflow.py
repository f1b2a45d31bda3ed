"""A small MLflow of the tests: an ASGI application on a Unix socket, in a thread of the test.

The one seam at which the registry meets a stand-in; the end-to-end tests meet the real server.
"""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote

import uvicorn

ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
CREATED = 1_790_000_000_000


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    raw_path: str
    query: str
    headers: list[tuple[str, str]]
    body: bytes = b""
    chunks: int = 0
    whole: bool = False

    def header(self, name: str) -> str | None:
        """Return the value of a header, None without it."""
        return next((value for key, value in self.headers if key == name), None)


@dataclass
class FakeMlflow:
    """What the stand-in knows; `answer` replaces all of it by one function."""

    models: list[dict[str, Any]] = field(default_factory=list)
    versions: list[dict[str, Any]] = field(default_factory=list)
    runs: dict[str, dict[str, Any]] = field(default_factory=dict)
    logged_models: dict[str, dict[str, Any]] = field(default_factory=dict)
    uris: dict[tuple[str, str], str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    page_size: int = 200
    seen: list[Seen] = field(default_factory=list)
    answer: Callable[..., Awaitable[None]] | None = None

    def add_version(
        self, name: str, version: str, *, created: int = CREATED, **fields: Any
    ) -> dict[str, Any]:
        """Register a version (and its model) with files at `mlflow-artifacts:/NAME/VERSION`."""
        if name not in [model["name"] for model in self.models]:
            self.models.append(
                {
                    "name": name,
                    "creation_timestamp": created,
                    "last_updated_timestamp": created,
                }
            )
        entry = {
            "name": name,
            "version": version,
            "creation_timestamp": created,
            "source": f"models:/m-{name}",
            "run_id": "",
            "status": "READY",
            **fields,
        }
        self.versions.append(entry)
        self.uris[name, version] = f"mlflow-artifacts:/{name}/{version}"
        self.logged_models.setdefault(f"m-{name}", {})
        return entry

    def add_file(self, path: str, content: bytes | str) -> None:
        """Keep a file at `path` below the artifacts' root."""
        self.files[path] = content.encode() if isinstance(content, str) else content

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        seen = Seen(
            method=scope["method"],
            raw_path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=[(k.decode("latin-1"), v.decode("latin-1")) for k, v in scope["headers"]],
        )
        self.seen.append(seen)
        if self.answer is not None:
            await self.answer(seen, receive, send)
            return
        while True:
            message = await receive()
            seen.body += message.get("body", b"")
            if not message.get("more_body"):
                break
        seen.whole = True
        status, body = self._respond(scope["path"], parse_qs(seen.query))
        await reply(send, status, body)

    def _respond(self, path: str, asked: dict[str, list[str]]) -> tuple[int, Any]:
        first = {key: values[0] for key, values in asked.items()}
        if path in ("/health", "/version"):
            return 200, b"OK" if path == "/health" else b"3.17.0"
        if path.startswith(ARTIFACTS):
            return self._artifact(unquote(path.removeprefix(ARTIFACTS)).strip("/"), first)
        act = path.removeprefix("/api/2.0/mlflow/")
        if act == "registered-models/search":
            return 200, self._page("registered_models", self.models, first)
        if act == "model-versions/search":
            return 200, self._page("model_versions", self.versions, first)
        if act == "model-versions/get-download-uri":
            uri = self.uris.get((first["name"], first["version"]))
            return (200, {"artifact_uri": uri}) if uri else _missing("version")
        if act == "runs/get":
            run = self.runs.get(first["run_id"])
            return (200, {"run": run}) if run is not None else _missing("run")
        if act.startswith("logged-models/"):
            model = self.logged_models.get(act.removeprefix("logged-models/"))
            return (200, {"model": model}) if model is not None else _missing("logged model")
        return _missing(path)

    def _page(self, key: str, rows: list[Any], asked: dict[str, str]) -> dict[str, Any]:
        start = int(asked.get("page_token", "0"))
        end = start + self.page_size
        more = {"next_page_token": str(end)} if end < len(rows) else {}
        return {key: rows[start:end], **more}

    def _artifact(self, path: str, asked: dict[str, str]) -> tuple[int, Any]:
        if path:
            content = self.files.get(path)
            return (200, content) if content is not None else _missing(path)
        folder = asked.get("path", "").strip("/")
        prefix = f"{folder}/" if folder else ""
        below = [name.removeprefix(prefix) for name in self.files if name.startswith(prefix)]
        names = {name.partition("/")[0]: "/" in name for name in below}
        return 200, {
            "files": [
                {"path": name, "is_dir": True}
                if is_folder
                else {"path": name, "file_size": len(self.files[prefix + name])}
                for name, is_folder in sorted(names.items())
            ]
        }


def _missing(what: str) -> tuple[int, Any]:
    return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"No {what}."}


async def reply(
    send: Any, status: int, body: Any, *, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Send an answer whole; anything but bytes as JSON."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = [(b"content-length", b"%d" % len(content)), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": content})


@contextmanager
def running(application: Any, socket: Path) -> Iterator[None]:
    """Serve `application` at `socket` from a thread within the block."""
    socket.unlink(missing_ok=True)
    server = uvicorn.Server(
        uvicorn.Config(
            application,
            uds=str(socket),
            log_config=None,
            log_level="critical",
            access_log=False,
            lifespan="off",
        )
    )
    thread = threading.Thread(target=asyncio.run, args=[server.serve()], name="fake-mlflow")
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the stand-in did not start"
            thread.join(0.01)
        yield
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join(10)
        socket.unlink(missing_ok=True)
