"""Folders below the data folder, and where Unix sockets go."""

import os
import socket
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from core.errors import PortalError
from core.folders import private_folder, socket_folder


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path is short wherever pytest keeps its own."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        yield Path(name)


def test_a_private_folder_is_closed_to_others(tmp_path: Path, settings: LazySettings) -> None:
    settings.DATA = tmp_path
    folder = private_folder("servers", "7")
    assert folder == tmp_path / "servers" / "7"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    assert private_folder("servers", "7") == folder, "it may be there already"


def test_sockets_lie_in_the_data_folder_if_its_path_is_short(
    short: Path, settings: LazySettings
) -> None:
    settings.DATA = short
    assert socket_folder() == short / "run"


@pytest.mark.parametrize("name", ["x" * 90, "ü" * 50])
def test_a_long_path_has_its_sockets_elsewhere_and_they_can_be_bound(
    tmp_path: Path, settings: LazySettings, name: str
) -> None:
    settings.DATA = tmp_path / name
    folder = socket_folder()
    try:
        assert not folder.is_relative_to(tmp_path)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert socket_folder() == folder, "the same data folder finds the same sockets"
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(folder / f"model-{2**63}.sock"))
        settings.DATA = tmp_path / f"{name}2"
        other = socket_folder()
        assert other != folder
        other.rmdir()
    finally:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def test_the_longest_path_that_stays_can_be_bound(short: Path, settings: LazySettings) -> None:
    settings.DATA = short / ("x" * (66 - len(os.fsencode(short)) - 1))
    folder = socket_folder()
    assert folder == settings.DATA / "run"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(folder / "model-99999999999999999999.sock"))


def test_a_socket_folder_that_others_may_enter_is_refused(
    tmp_path: Path, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA = tmp_path / ("x" * 90)
    folder = socket_folder()
    try:
        folder.chmod(0o755)
        with pytest.raises(PortalError, match="not a folder of this user alone"):
            socket_folder()
        folder.rmdir()
        folder.symlink_to(tmp_path)
        with pytest.raises(PortalError, match="not a folder of this user alone"):
            socket_folder()
    finally:
        folder.unlink() if folder.is_symlink() else folder.rmdir()
