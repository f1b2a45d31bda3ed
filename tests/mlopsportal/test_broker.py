"""The embedded broker: a message is there whole or not at all."""

import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

from mlopsportal.broker import Channel


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    folder = str(tmp_path)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": folder}
    with Connection("filesystem://", transport="mlopsportal.broker:Transport") as connection:
        connection.transport_options = options
        yield connection.channel()


def test_a_message_comes_out_as_it_went_in(channel: Channel) -> None:
    channel._put("portal", {"task": "ä"})
    assert channel._get("portal") == {"task": "ä"}
    with pytest.raises(Empty):
        channel._get("portal")


def test_no_reader_ever_finds_a_message_that_is_not_whole(channel: Channel) -> None:
    sent = 300
    payload = {"text": "x" * 200_000}

    def put() -> None:
        for _ in range(sent):
            channel._put("portal", payload)

    writer = threading.Thread(target=put)
    writer.start()
    taken = 0
    while writer.is_alive() or taken < sent:
        try:
            assert channel._get("portal") == payload
        except Empty:
            continue
        taken += 1
    writer.join()
    assert taken == sent
