"""Saved models, MLflow's own scoring server as the reference, and real server processes."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # MLflow and its libraries warn while they are imported
    import mlflow.pyfunc
    import mlflow.sklearn

import httpx
import pytest
from mlflow.pyfunc import scoring_server

import modelserver
from modelserver.client import Response, call
from modelserver.scoring import Scorer
from tests.modelserver.models import BUILDERS

PROGRAM = Path(modelserver.__file__).with_name("__main__.py")
START_SECONDS = 120.0

Saved = Callable[[str], Path]


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Save a model by name once and return its folder."""
    root = tmp_path_factory.mktemp("models")

    def save(name: str) -> Path:
        path = root / name
        return path if path.exists() else BUILDERS[name](path)

    return save


@dataclass(frozen=True, slots=True)
class Pair:
    """One model twice: behind our scorer and behind MLflow's own application."""

    scorer: Scorer
    reference: Callable[[bytes, str], httpx.Response]

    def both(self, body: bytes, content_type: str) -> tuple[tuple[int, bytes], tuple[int, bytes]]:
        """Return (status, body) of ours and of MLflow's answer to the same request."""
        ours = self.scorer.score(body, content_type)
        theirs = self.reference(body, content_type)
        return (ours.status, ours.body), (theirs.status_code, theirs.content)


@pytest.fixture(scope="session")
def pair(saved: Saved) -> Iterator[Callable[[str], Pair]]:
    """Load a model by name for comparison with MLflow."""
    pairs: dict[str, Pair] = {}
    with asyncio.Runner() as runner:

        def load(name: str) -> Pair:
            if name not in pairs:
                path = str(saved(name))
                with warnings.catch_warnings(record=True):
                    app = scoring_server.init(mlflow.pyfunc.load_model(path))
                    scorer = Scorer(mlflow.pyfunc.load_model(path))
                pairs[name] = Pair(scorer, lambda body, kind: runner.run(post(app, body, kind)))
            return pairs[name]

        yield load


async def post(app: Any, body: bytes, content_type: str) -> httpx.Response:
    """Send one body to the `/invocations` of MLflow's application."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)  # MLflow answers 500 there
    async with httpx.AsyncClient(transport=transport, base_url="http://mlflow") as client:
        return await client.post(
            "/invocations", content=body, headers={"Content-Type": content_type}
        )


@dataclass(slots=True)
class Served:
    """The model server as a child process."""

    process: subprocess.Popen[bytes]
    socket: Path
    progress_file: Path
    log_file: Path

    def progress(self) -> list[dict[str, Any]]:
        """Return the lines of the progress file so far."""
        if not self.progress_file.exists():
            return []
        return [json.loads(line) for line in self.progress_file.read_text().splitlines()]

    def log(self) -> str:
        """Return what the process and its model have printed so far."""
        return self.log_file.read_text()

    def wait_until_started(self) -> None:
        """Wait until the server is ready or the start has failed."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            steps = [line["step"] for line in self.progress()]
            if {"ready", "failed"} & set(steps):
                return
            if self.process.poll() is not None:
                raise AssertionError(f"exit {self.process.returncode} in silence:\n{self.log()}")
            time.sleep(0.02)
        raise AssertionError(f"No end of the start in {START_SECONDS} s:\n{self.log()}")

    def ask(self, body: Any, content_type: str = "application/json", **options: Any) -> Response:
        """Send one request over a connection of its own."""
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        return call(
            self.socket,
            "invocations",
            content_type=content_type,
            body=encoded,
            timeout=30,
            **options,
        )


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Served]]:
    """Start a model server for a model folder; it has not started when this returns."""
    started: list[Served] = []

    def start(model_dir: Path, *arguments: str) -> Served:
        folder = tmp_path_factory.mktemp("served")
        served = Served(
            process=None,  # type: ignore[arg-type]
            socket=folder / "model.sock",
            progress_file=folder / "progress.jsonl",
            log_file=folder / "log",
        )
        with served.log_file.open("wb") as log:
            served.process = subprocess.Popen(
                [
                    sys.executable,
                    str(PROGRAM),
                    *("--model", str(model_dir), "--socket", str(served.socket)),
                    *("--progress", str(served.progress_file), *arguments),
                ],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "MLFLOW"))},
            )
        started.append(served)
        return served

    yield start
    for served in started:
        if served.process.poll() is None:
            os.killpg(served.process.pid, signal.SIGKILL)
        served.process.wait(10)
