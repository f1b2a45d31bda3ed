"""Which HTTP server stands before the portal, and whether one stands before a model: measured.

(a) In front: uvicorn (uvloop, httptools) against granian, each with the same ASGI application that
    passes the body to an echo backend over the framed Unix socket and awaits its answer.
(b) Beside the model: the framed Unix socket against uvicorn and granian on a Unix socket, all
    echoing the body, with the clients that the gateway would use (ours; aiohttp, pooled).

Everything is on loopback, one worker each, one-row requests of 30 columns, in interleaved rounds.
The server and the load generator share the machine: read the ratios, not the figures.

    python bench/http_servers.py [--rounds 3] [--seconds 2] [--out FILE]
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import psutil

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from http_load import Candidate, run_rounds, table, with_asyncio, with_wrk  # noqa: E402

from modelserver.client import ModelClient  # noqa: E402  after the project is on the path
from modelserver.frames import RequestHeader, ResponseHeader, read_frame, write_frame  # noqa: E402

ROW = {f"mean column number {n}": round(1.1**n, 4) for n in range(30)}
BODY = json.dumps(
    {"dataframe_split": {"columns": list(ROW), "data": [list(ROW.values())]}}
).encode()
HEADERS = {"Content-Type": "application/json"}
ECHO_SOCKET = os.environ.get("ECHO_SOCKET", "")

Scope = dict[str, Any]
Message = dict[str, Any]
_backend = ModelClient(ECHO_SOCKET)


async def front(
    scope: Scope,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """The ASGI application of (a): ask the echo backend over its framed socket."""
    answer = await _backend.request(
        "invocations", content_type="application/json", body=await _body(receive), timeout=30
    )
    await _respond(send, answer.body)


async def echo(
    scope: Scope,
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    """The ASGI application of (b)."""
    await _respond(send, await _body(receive))


async def _body(receive: Callable[[], Awaitable[Message]]) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    return body


async def _respond(send: Callable[[Message], Awaitable[None]], body: bytes) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def serve_frames(path: str) -> None:
    """The echo backend, as bare as the loop of a model server that has nothing to compute."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (frame := await read_frame(reader)) is not None:
            request = RequestHeader.parse(frame[0])
            await write_frame(writer, ResponseHeader(id=request.id, status=200), frame[1])

    server = await asyncio.start_unix_server(serve, path)
    await server.serve_forever()


@contextlib.asynccontextmanager
async def over_frames(path: str) -> Any:
    """Ask with our own client: one connection for everybody."""
    client = ModelClient(path)

    async def ask() -> None:
        answer = await client.request("invocations", body=BODY, timeout=30)
        assert answer.body == BODY

    yield ask
    await client.aclose()


@contextlib.asynccontextmanager
async def over_http(url: str, connector: aiohttp.BaseConnector) -> Any:
    """Ask with aiohttp, connections kept alive and pooled."""
    async with aiohttp.ClientSession(connector=connector) as session:

        async def ask() -> None:
            async with session.post(url, data=BODY, headers=HEADERS) as answer:
                assert await answer.read() == BODY

        yield ask


def uvicorn(app: str, *bind: str) -> list[str]:
    """The command of uvicorn with its fast parts, without access log."""
    fast = ["--loop", "uvloop", "--http", "httptools", "--lifespan", "off"]
    quiet = ["--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", f"http_servers:{app}", *fast, *quiet, *bind]


def granian(app: str, *bind: str) -> list[str]:
    """The command of granian with the same loop and one worker."""
    same = ["--interface", "asginl", "--loop", "uvloop", "--http", "1", "--workers", "1"]
    quiet = ["--no-access-log", "--log-level", "warning"]
    return [sys.executable, "-m", "granian", f"http_servers:{app}", *same, *quiet, *bind]


@contextlib.contextmanager
def started(
    command: list[str], *, until: Callable[[], bool], **environment: str
) -> Iterator[psutil.Process]:
    """Run a server as a process group of its own until the block ends."""
    paths = f"{HERE}{os.pathsep}{HERE.parent}"
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": paths, **environment},
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not until():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[2]} did not start.")
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def answers_tcp(port: int) -> Callable[[], bool]:
    """Whether something listens on the port."""
    return lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def in_front(folder: Path, rounds: int, seconds: int) -> str:
    """Measure (a)."""
    backend = str(folder / "backend.sock")
    script = folder / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = [==[{BODY.decode()}]==]\n"
        "wrk.headers['Content-Type'] = 'application/json'\n"
    )
    frames = [sys.executable, str(HERE / "http_servers.py"), "--serve-frames", backend]
    with contextlib.ExitStack() as stack:
        stack.enter_context(started(frames, until=Path(backend).exists))
        candidates = []
        for name, command in (("uvicorn", uvicorn), ("granian (ASGI)", granian)):
            port = free_port()
            process = stack.enter_context(
                started(
                    command("front", "--host", "127.0.0.1", "--port", str(port)),
                    until=answers_tcp(port),
                    ECHO_SOCKET=backend,
                )
            )
            if shutil.which("wrk"):
                load = with_wrk(port, script)
            else:
                url = f"http://127.0.0.1:{port}/"
                load = with_asyncio(
                    lambda c, url=url: over_http(url, aiohttp.TCPConnector(limit=c))
                )
            candidates.append(Candidate(name=name, processes=(process,), load=load))
        points = run_rounds(candidates, rounds, seconds)
    return table(
        "(a) In front of the portal: ASGI application that awaits the framed backend", points
    )


def beside_the_model(folder: Path, rounds: int, seconds: int) -> str:
    """Measure (b)."""
    paths = {name: str(folder / f"{name}.sock") for name in ("frames", "uvicorn", "granian")}
    commands = {
        "frames": [
            sys.executable,
            str(HERE / "http_servers.py"),
            "--serve-frames",
            paths["frames"],
        ],
        "uvicorn": uvicorn("echo", "--uds", paths["uvicorn"]),
        "granian": granian("echo", "--uds", paths["granian"]),
    }
    with contextlib.ExitStack() as stack:
        candidates = []
        for name in ("uvicorn", "granian", "frames"):
            path = paths[name]
            process = stack.enter_context(started(commands[name], until=Path(path).exists))
            if name == "frames":
                load = with_asyncio(lambda _, path=path: over_frames(path))
                label = "framed socket, our client"
            else:
                load = with_asyncio(
                    lambda c, path=path: over_http(
                        "http://model/", aiohttp.UnixConnector(path, limit=c)
                    )
                )
                label = f"{name} on a Unix socket, aiohttp"
            candidates.append(Candidate(name=label, processes=(process,), load=load))
        points = run_rounds(candidates, rounds, seconds)
    return table("(b) Beside the model: the same echo over a Unix socket", points)


def main() -> None:
    """Measure both sides and print the tables; `--out` also writes them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--serve-frames", metavar="SOCKET", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve_frames:
        asyncio.run(serve_frames(arguments.serve_frames))
        return
    names = ("uvicorn", "granian", "uvloop", "httptools", "aiohttp")
    intro = (
        f"{os.cpu_count()} cores, Python {sys.version.split()[0]}, "
        + ", ".join(f"{name} {version(name)}" for name in names)
        + f"; body {len(BODY)} bytes; {arguments.rounds} interleaved rounds of "
        f"{arguments.seconds} s, median (min..max), ratio to the first row in the same round."
    )
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        parts = [
            in_front(Path(folder), arguments.rounds, arguments.seconds),
            beside_the_model(Path(folder), arguments.rounds, arguments.seconds),
        ]
    text = "\n\n".join([intro, *parts]) + "\n"
    print(text)
    if arguments.out:
        arguments.out.write_text(text)


if __name__ == "__main__":
    main()
