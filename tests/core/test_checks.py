"""Settings that cannot work are named before anything starts."""

from pathlib import Path

import pytest
from django.conf import LazySettings

from core.checks import data_folder_is_writable, somebody_ends_tls


def test_a_data_folder_that_is_a_file_is_named(tmp_path: Path, settings: LazySettings) -> None:
    settings.DATA = tmp_path / "new" / "folder"
    assert data_folder_is_writable() == []
    (tmp_path / "file").touch()
    settings.DATA = tmp_path / "file"
    (found,) = data_folder_is_writable()
    assert (found.id, str(tmp_path / "file") in found.msg) == ("core.E001", True)


@pytest.mark.parametrize(
    ("address", "proxies", "ids"),
    [
        ("https://models.example.org", [], ["core.W001"]),
        ("https://models.example.org", ["10.0.0.7"], []),
        ("http://localhost:8000", [], []),
    ],
)
def test_https_without_a_trusted_proxy_is_named(
    address: str, proxies: list[str], ids: list[str], settings: LazySettings
) -> None:
    settings.PUBLIC_URL, settings.TRUSTED_PROXIES = address, proxies
    assert [found.id for found in somebody_ends_tls()] == ids
