"""A log folder of the test's own, and predictions written into it as the gateway would."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import LazySettings

from gateway.log.record import Record, encode
from gateway.log.writer import LogWriter
from gateway.shipper import log_root

Write = Callable[..., None]


@pytest.fixture
def write(tmp_path: Path, settings: LazySettings) -> Write:
    """Return `write(*records)`: brings records to the log by a writer that then ends."""
    settings.DATA = tmp_path

    def to_log(*records: Record) -> None:
        with LogWriter(log_root()) as writer:
            for record in records:
                writer.append_sync(encode(record))

    return to_log
