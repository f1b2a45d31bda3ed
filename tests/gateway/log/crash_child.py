"""A process that appends records and tells which were acknowledged, until it is killed."""

import asyncio
import os
import random
import sys
from pathlib import Path

from gateway.log.record import new_id
from gateway.log.writer import LogWriter

ID_SIZE = 16


async def append_until(root: Path, *, ledger: int, count: int) -> None:
    """Eight clients append records that begin with their id; `ledger` gets the acknowledged."""
    writer = LogWriter(root, segment_bytes=4096)
    left = iter(range(count))

    async def client() -> None:
        rng = random.Random()
        for _ in left:
            key = new_id().bytes
            await writer.append(key + rng.randbytes(rng.randrange(600)))
            os.write(ledger, key)

    await asyncio.gather(*(client() for _ in range(8)))
    writer.close()


if __name__ == "__main__":
    asyncio.run(append_until(Path(sys.argv[1]), ledger=1, count=int(sys.argv[2])))
