"""A small client of MLflow's REST API over the server's socket.

MLflow's own client takes seconds and hundreds of megabytes to import; the portal only reads the
registry and files, which the REST API gives in a few requests.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

from core.errors import NotFoundError
from registry import server
from registry.errors import MlflowUnavailable, UnreadableSource

_PAGE = 200
_ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"


class MlflowClient:
    """Reads models, versions, runs and files from the tracking server; use it as a context."""

    def __init__(self, socket: Path | None = None, *, timeout: float = 30.0) -> None:
        self._http = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(socket or server.socket()), retries=1),
            base_url=f"http://{server.HOST_NAME}",
            timeout=httpx.Timeout(timeout, connect=5.0),
        )

    def __enter__(self) -> "MlflowClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def version(self) -> str:
        """Return the server's own version."""
        return self._send("GET", "/version").text.strip()

    def registered_models(self) -> list[dict[str, Any]]:
        """Return every registered model with its aliases and tags."""
        return self._pages("registered-models/search", "registered_models")

    def model_versions(self) -> list[dict[str, Any]]:
        """Return every version of every model (without aliases: those are the models')."""
        return self._pages("model-versions/search", "model_versions")

    def download_uri(self, name: str, version: str) -> str:
        """Return where the files of a version lie."""
        answer = self._get("model-versions/get-download-uri", name=name, version=version)
        return str(answer["artifact_uri"])

    def run(self, run_id: str) -> dict[str, Any]:
        """Return a run: `info`, `data` (metrics, params, tags) and `inputs`."""
        run: dict[str, Any] = self._get("runs/get", run_id=run_id)["run"]
        return run

    def logged_model(self, model_id: str) -> dict[str, Any]:
        """Return a logged model of MLflow 3, which may carry metrics and parameters itself."""
        model: dict[str, Any] = self._get(f"logged-models/{quote(model_id)}")["model"]
        return model

    def files(self, uri: str, *, under: str = "") -> list[tuple[str, int]]:
        """Return (path relative to `uri`, size in bytes) of every file below it."""
        found: list[tuple[str, int]] = []
        folder = "/".join(part for part in (_proxied_path(uri), under) if part)
        for entry in self._list(folder):
            path = f"{under}/{entry['path']}".strip("/")
            if entry.get("is_dir"):
                found += self.files(uri, under=path)
            else:
                found.append((path, int(entry.get("file_size") or 0)))
        return found

    def read(self, uri: str, path: str) -> bytes:
        """Return a small file below `uri`.

        Raises:
            NotFoundError: there is no such file.
        """
        return self._send("GET", _file_url(uri, path)).content

    @contextmanager
    def stream(self, uri: str, path: str) -> Iterator[Iterator[bytes]]:
        """Give the chunks of a file of any size below `uri`."""
        try:
            with self._http.stream("GET", _file_url(uri, path)) as response:
                if response.is_error:
                    response.read()
                    raise _refusal(response)
                yield response.iter_bytes(1 << 20)
        except httpx.HTTPError as error:
            raise _unavailable(error) from error

    def _list(self, folder: str) -> list[dict[str, Any]]:
        answer = _json(self._send("GET", _ARTIFACTS, params={"path": folder}))
        entries: list[dict[str, Any]] = answer.get("files", [])
        return entries

    def _pages(self, path: str, key: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        token = ""
        while True:
            more = {"page_token": token} if token else {}
            answer = self._get(path, max_results=_PAGE, **more)
            rows += answer.get(key, [])
            token = answer.get("next_page_token", "")
            if not token:
                return rows

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        return _json(self._send("GET", f"/api/2.0/mlflow/{path}", params=params))

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        try:
            response = self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise _unavailable(error) from error
        if response.is_error:
            raise _refusal(response)
        return response


def _json(response: httpx.Response) -> dict[str, Any]:
    """Return the object in an answer.

    Raises:
        MlflowUnavailable: it holds none, as while the server starts or behind a stranger's proxy.
    """
    try:
        answer = response.json()
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise MlflowUnavailable(
            f"MLflow answered {response.request.url.path} with something else than JSON.",
            hint="Look at the output of the mlflow process.",
        )
    return answer


def _unavailable(error: httpx.HTTPError) -> MlflowUnavailable:
    return MlflowUnavailable(
        f"MLflow does not answer ({type(error).__name__}).",
        hint="It is started again by itself; look at the output of the mlflow process.",
    )


def _refusal(response: httpx.Response) -> NotFoundError | MlflowUnavailable:
    try:
        message = str(response.json().get("message", ""))
    except ValueError:
        message = ""
    what = message or f"MLflow answered {response.status_code} to {response.request.url.path}."
    if response.status_code == httpx.codes.NOT_FOUND:
        return NotFoundError(what, permanent=True)
    return MlflowUnavailable(what, hint="Look at the output of the mlflow process.")


def _proxied_path(uri: str) -> str:
    """Return the path of `mlflow-artifacts:/path` (with or without a host in the URI)."""
    scheme, _, rest = uri.partition(":")
    if scheme != "mlflow-artifacts":
        raise UnreadableSource(
            f"The files lie at {uri}, which the portal cannot read.",
            hint="Register the version through the portal's tracking server (/mlflow).",
            permanent=True,
        )
    if rest.startswith("//"):
        rest = rest[2:].partition("/")[2]
    return rest.strip("/")


def _file_url(uri: str, path: str) -> str:
    return f"{_ARTIFACTS}/{quote('/'.join(p for p in (_proxied_path(uri), path) if p))}"
