"""The command of the model server: load one model, prove it, serve it until told to stop."""

import argparse
import asyncio
import importlib
import json
import logging
import os
import platform
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from modelserver.answers import JSON_TYPE, Answer
from modelserver.diagnosis import ExampleFailed, explain_failure
from modelserver.progress import Progress
from modelserver.server import DRAIN_SECONDS, ModelServer

if TYPE_CHECKING:
    from modelserver.loading import Loaded

logger = logging.getLogger("modelserver")

EXIT_FAILED: Final = 3

# MLflow reads these when it is imported: no calls home, and inputs converted as its server does.
ENVIRONMENT: Final = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "_MLFLOW_IS_IN_SERVING_ENVIRONMENT": "true",
}


def main() -> NoReturn:
    """Run until SIGTERM, then exit with 0; exit with 3 when the model cannot be served."""
    arguments = _arguments()
    # The model's prints belong in the log at once, in the order of everything else there.
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    os.environ.update(ENVIRONMENT)
    try:
        start = _Start(Progress(arguments.progress))
    except OSError as error:
        sys.exit(f"The progress file {arguments.progress} cannot be written: {error.strerror}.")
    try:
        loaded = start.load(arguments.model, arguments.example)
        asyncio.run(start.serve(loaded, arguments.socket, drain_seconds=arguments.drain))
    # The edge of the start: loading runs the model's own code, which may raise anything.
    except BaseException as error:
        logger.critical("%s", start.failed(error, arguments.model), exc_info=True)
        _exit(EXIT_FAILED)
    _exit(0)


class _Start:
    """The steps of a start, each written to the progress file when it has ended."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._step = "import"

    def load(self, model_dir: Path, example: Path | None) -> "Loaded":
        """Import MLflow and load the model; not inside a loop, since models may run their own."""
        # By name and not at the top: importing MLflow is the longest step and can fail readably.
        loading = importlib.import_module("modelserver.loading")
        version = importlib.import_module("mlflow").__version__
        self._next("load", f"MLflow {version} is imported on Python {platform.python_version()}.")
        loaded: Loaded = loading.load(model_dir, example_file=example)
        self._next("example", "The model is loaded.")
        return loaded

    async def serve(self, loaded: "Loaded", socket_path: Path, *, drain_seconds: float) -> None:
        """Prove the model with its example, then serve it until a signal says stop."""
        server = ModelServer(
            loaded.score,
            description=loaded.description,
            mlflow_version=loaded.mlflow_version,
            drain_seconds=drain_seconds,
        )
        if loaded.example:
            # Through the lane, as every request: a model may insist on its thread.
            check_example((await server.lane.submit(loaded.example, JSON_TYPE)).answer)
            said = "The model answered its input example."
        else:
            said = "The model has no input example, so nothing was sent to it."
        self._next("ready", said)
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, server.stop)
        await server.run(socket_path, on_ready=lambda: self._ready(socket_path))

    def failed(self, error: BaseException, model_dir: Path) -> str:
        """Write that the start ended here; return the sentence that says why."""
        if self._step == "ready":
            message = str(error)  # no socket: said in a sentence where it happens
        else:
            message = explain_failure(error, model_dir=model_dir)
        self._progress.failed(self._step, error, message)
        return message

    def _next(self, step: str, message: str) -> None:
        self._progress.done(self._step, message)
        self._step = step

    def _ready(self, socket_path: Path) -> None:
        self._progress.ready(f"The model answers at {socket_path}.")
        logger.info("The model answers at %s.", socket_path)


def check_example(answer: Answer) -> None:
    """Raise ExampleFailed unless this answer to the input example is a prediction."""
    if answer.status == 200:
        return
    error = json.loads(answer.body)
    raise ExampleFailed(
        f"The model did not answer its own input example: {error['message']} Register it with an "
        f"example that it can answer, or without one. (status {answer.status})"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="modelserver", description="Serve one MLflow model.")
    parser.add_argument("--model", type=Path, required=True, help="folder with the MLmodel file")
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to listen on")
    parser.add_argument("--progress", type=Path, required=True, help="file for JSON lines")
    parser.add_argument("--example", type=Path, help="body to send instead of the stored example")
    parser.add_argument(
        "--drain",
        type=float,
        default=DRAIN_SECONDS,
        metavar="SECONDS",
        help="how long requests in flight may take after SIGTERM (default: %(default)g)",
    )
    return parser.parse_args()


def _exit(code: int) -> NoReturn:
    # Not sys.exit(): a thread of the model that hangs, or its exit hook, must not keep the process.
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
