"""The embedded broker: kombu's messages in files, each written whole before it can be found."""

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """kombu's channel, but for `_put`.

    kombu names a message first and fills it then; a worker that looks in between takes an empty
    file, and ends by it.
    """

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        # What follows the first dot is the queue's name to a reader: this is the name of none.
        hidden = folder / f".{name}"
        hidden.write_bytes(dumps(payload).encode())
        hidden.replace(folder / name)


class Transport(filesystem.Transport):
    """The transport that `CELERY_BROKER_TRANSPORT` names."""

    Channel = Channel
