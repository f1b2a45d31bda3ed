"""Load generators for servers that answer one body, windows in interleaved rounds, and tables."""

import asyncio
import contextlib
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

CONCURRENCY = (1, 8, 32, 64)
WARM_UP_SECONDS = 1

Load = Callable[[int, int], tuple[float, float, float]]
"""Given concurrency and seconds: requests per second, p50 and p99 in ms."""


@dataclass(frozen=True, slots=True)
class Point:
    """One window: requests per second, latencies in ms, CPU of the servers in ms per request."""

    rate: float
    p50: float
    p99: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """One server under measurement: how it is started and how it is asked."""

    name: str
    processes: tuple[psutil.Process, ...]
    load: Load


def measure(candidate: Candidate, concurrency: int, seconds: int) -> Point:
    """Load one candidate for `seconds` after a short warm-up."""
    candidate.load(concurrency, WARM_UP_SECONDS)
    before = _cpu_seconds(candidate.processes)
    rate, p50, p99 = candidate.load(concurrency, seconds)
    used = _cpu_seconds(candidate.processes) - before
    return Point(rate=rate, p50=p50, p99=p99, cpu=used * 1000 / max(rate * seconds, 1))


def _cpu_seconds(processes: tuple[psutil.Process, ...]) -> float:
    every = [p for process in processes for p in (process, *process.children(recursive=True))]
    return sum(sum(process.cpu_times()[:2]) for process in every)


def with_wrk(port: int, script: Path) -> Load:
    """Load over TCP with wrk, one thread."""

    def load(concurrency: int, seconds: int) -> tuple[float, float, float]:
        command = [
            "wrk",
            "-t1",
            f"-c{concurrency}",
            f"-d{seconds}s",
            "--latency",
            "-s",
            str(script),
        ]
        url = f"http://127.0.0.1:{port}/"
        text = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
        if "Non-2xx" in text or "Socket errors" in text:
            raise SystemExit(f"wrk saw errors:\n{text}")
        found = {key: _milliseconds(text, key) for key in ("50%", "99%")}
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])  # type: ignore[index]
        return rate, found["50%"], found["99%"]

    return load


def _milliseconds(text: str, percentile: str) -> float:
    number, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def with_asyncio(
    connect: Callable[[int], contextlib.AbstractAsyncContextManager[Callable[[], Awaitable[None]]]],
) -> Load:
    """Load with `concurrency` tasks that each ask again as soon as they are answered."""

    async def run(concurrency: int, seconds: int) -> tuple[float, float, float]:
        took: list[float] = []
        async with connect(concurrency) as ask:
            began = time.perf_counter()

            async def client() -> None:
                while (at := time.perf_counter()) - began < seconds:
                    await ask()
                    took.append(time.perf_counter() - at)

            await asyncio.gather(*(client() for _ in range(concurrency)))
            elapsed = time.perf_counter() - began
        took.sort()
        p50, p99 = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
        return len(took) / elapsed, p50, p99

    return lambda concurrency, seconds: asyncio.run(run(concurrency, seconds))


def run_rounds(
    candidates: list[Candidate], rounds: int, seconds: int
) -> dict[str, dict[int, list[Point]]]:
    """Measure every candidate at every concurrency once a round, interleaved."""
    points: dict[str, dict[int, list[Point]]] = {
        candidate.name: {c: [] for c in CONCURRENCY} for candidate in candidates
    }
    for number in range(rounds):
        for concurrency in CONCURRENCY:
            for candidate in candidates:
                point = measure(candidate, concurrency, seconds)
                points[candidate.name][concurrency].append(point)
                print(
                    f"round {number + 1} c={concurrency} {candidate.name}: {point.rate:.0f}/s",
                    file=sys.stderr,
                )
    return points


def table(title: str, points: dict[str, dict[int, list[Point]]]) -> str:
    """Return a markdown table: median (min..max) per second, ratio to the first row, latencies."""
    base = next(iter(points.values()))
    heads = " | ".join(f"c={c}" for c in CONCURRENCY)
    lines = [
        f"### {title}",
        "",
        f"| server | {heads} | p50 / p99 ms at c=1 | at c=32 | at c=64 | CPU ms/request at c=32 |",
        "|---|" + "---:|" * (len(CONCURRENCY) + 4),
    ]
    for name, by_concurrency in points.items():
        rates = [_rate(by_concurrency[c], base[c]) for c in CONCURRENCY]
        times = [
            f"{_median(by_concurrency[c], 'p50'):.2f} / {_median(by_concurrency[c], 'p99'):.2f}"
            for c in (1, 32, 64)
        ]
        cpu = f"{_median(by_concurrency[32], 'cpu'):.3f}"
        lines.append(f"| {' | '.join([name, *rates, *times, cpu])} |")
    return "\n".join(lines)


def _rate(mine: list[Point], base: list[Point]) -> str:
    rates = [point.rate for point in mine]
    ratio = statistics.median(one.rate / other.rate for one, other in zip(mine, base, strict=True))
    spread = f"{min(rates):,.0f}..{max(rates):,.0f}"
    return f"{statistics.median(rates):,.0f} ({spread}) **{ratio:.2f}x**"


def _median(points: list[Point], field: str) -> float:
    return statistics.median(getattr(point, field) for point in points)
