"""How fast the prediction log takes records, beside other ways to have them on disk.

    python -m bench.prediction_log

Each client appends 1 kB records one after the other and waits for each; rounds are interleaved and
medians shown. `sync each`: one write and one fdatasync per record, behind a lock. `sqlite`: one
commit per record, WAL, synchronous=FULL. Both run in a thread, as the log does.
"""

import asyncio
import os
import platform
import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from gateway.log.reader import Position, read
from gateway.log.writer import LogWriter

RECORD = os.urandom(1000)
CLIENTS = (1, 8, 32, 64)
ROUNDS = 3
SECONDS = 1.5
RESULT = Path(__file__).parent / "results" / "prediction_log.md"

Append = Callable[[bytes], Awaitable[None]]
T = TypeVar("T")


async def measure(append: Append, clients: int) -> list[float]:
    """The latency of every append, in seconds, of `clients` clients during SECONDS."""
    latencies = []
    deadline = time.perf_counter() + SECONDS

    async def client() -> None:
        while (started := time.perf_counter()) < deadline:
            await append(RECORD)
            latencies.append(time.perf_counter() - started)

    await asyncio.gather(*(client() for _ in range(clients)))
    return latencies


async def with_log(folder: Path, clients: int) -> tuple[list[float], float]:
    """Latencies with the prediction log, and records per sync."""
    with LogWriter(folder / "log") as writer:
        latencies = await measure(writer.append, clients)
        stats = writer.stats()
    return latencies, stats.written / stats.syncs


async def with_sync_each(folder: Path, clients: int) -> tuple[list[float], float]:
    """Latencies with one fdatasync per record."""
    fd = os.open(folder / "file", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    lock = threading.Lock()

    def write(payload: bytes) -> None:
        with lock:
            os.write(fd, payload)
            os.fdatasync(fd)

    latencies = await measure(lambda payload: asyncio.to_thread(write, payload), clients)
    os.close(fd)
    return latencies, 1.0


async def with_sqlite(folder: Path, clients: int) -> tuple[list[float], float]:
    """Latencies with one SQLite commit per record."""
    base = sqlite3.connect(folder / "db", check_same_thread=False, isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE log (payload BLOB)")
    lock = threading.Lock()

    def write(payload: bytes) -> None:
        with lock:
            base.execute("INSERT INTO log VALUES (?)", (payload,))

    latencies = await measure(lambda payload: asyncio.to_thread(write, payload), clients)
    base.close()
    return latencies, 1.0


WAYS = {"prediction log": with_log, "sync each": with_sync_each, "sqlite": with_sqlite}


def quantile(values: list[float], share: float) -> float:
    """The value at `share` of the sorted values, in milliseconds."""
    return sorted(values)[int(share * (len(values) - 1))] * 1000


def measure_reading(folder: Path) -> float:
    """Records per second that a reader takes out of a log of 100,000."""
    with LogWriter(folder / "log") as writer:

        async def fill() -> None:
            for _ in range(100):
                await asyncio.gather(*(writer.append(RECORD) for _ in range(1000)))

        asyncio.run(fill())
    position, count, started = Position(0), 0, time.perf_counter()
    while True:
        batch = read(folder / "log", 0, position)
        count += len(batch.records)
        position = batch.next
        if batch.at_end:
            assert count == 100_000
            return count / (time.perf_counter() - started)


def in_new_folder(run: Callable[[Path], T]) -> T:
    """Run on an empty folder on the disk of the repository, which a tmpfs would belie."""
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=Path(__file__).parent))
    try:
        return run(folder)
    finally:
        shutil.rmtree(folder)


def main() -> None:
    """Measure, print and keep the table."""
    results: dict[tuple[str, int], list[tuple[float, float, float, float]]] = {}
    for _ in range(ROUNDS):
        for clients in CLIENTS:
            for name, way in WAYS.items():
                latencies, batch = in_new_folder(
                    lambda folder, way=way, clients=clients: asyncio.run(way(folder, clients))
                )
                point = (len(latencies) / SECONDS, quantile(latencies, 0.5))
                point += (quantile(latencies, 0.99), batch)
                results.setdefault((name, clients), []).append(point)
    lines = [
        "# Prediction log: durable appends of 1 kB",
        "",
        f"`python -m bench.prediction_log`, Python {platform.python_version()}, {os.cpu_count()} "
        f"cores, medians of {ROUNDS} interleaved rounds of {SECONDS} s.",
        "",
        "| way | clients | appends/s (min..max) | p50 ms | p99 ms | records per sync |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name in WAYS:
        for clients in CLIENTS:
            rates, p50, p99, batch = zip(*results[name, clients], strict=True)
            spread = f"{min(rates):,.0f}..{max(rates):,.0f}"
            lines.append(
                f"| {name} | {clients} | {statistics.median(rates):,.0f} ({spread}) "
                f"| {statistics.median(p50):.2f} | {statistics.median(p99):.2f} "
                f"| {statistics.median(batch):.1f} |"
            )
    rate = statistics.median(in_new_folder(measure_reading) for _ in range(ROUNDS))
    lines += ["", f"Reading them back with checksums: {rate:,.0f} records/s.", ""]
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    main()
