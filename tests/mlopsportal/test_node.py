"""The name of the node: the data folder's, whatever the machine is called by now."""

import socket
from pathlib import Path

import pytest

from mlopsportal.node import keep_node, node_of


def test_a_new_data_folder_takes_the_host_name_and_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "first")
    assert node_of(tmp_path) == "first"
    keep_node(tmp_path, node_of(tmp_path))
    monkeypatch.setattr(socket, "gethostname", lambda: "second")
    assert node_of(tmp_path) == "first"
    keep_node(tmp_path, "second")
    assert node_of(tmp_path) == "first"


def test_an_empty_file_names_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "first")
    (tmp_path / "node").write_text("\n")
    assert node_of(tmp_path) == "first"
