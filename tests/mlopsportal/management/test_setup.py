"""`manage.py setup`: data folder and secret key, made once and kept."""

import stat
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.core.management import CommandError

from mlopsportal.management.commands.setup import make_data_folder, make_secret_key


def test_the_data_folder_is_closed_to_others_and_may_be_there(
    tmp_path: Path, settings: LazySettings
) -> None:
    settings.DATA = tmp_path / "new" / "var"
    make_data_folder()
    make_data_folder()
    assert stat.S_IMODE(settings.DATA.stat().st_mode) == 0o700
    assert sorted(path.name for path in settings.DATA.iterdir()) == ["broker"]


def test_a_file_in_the_way_is_one_sentence(tmp_path: Path, settings: LazySettings) -> None:
    (tmp_path / "var").touch()
    settings.DATA = tmp_path / "var"
    with pytest.raises(CommandError, match=r"var cannot be written .* PORTAL_DATA"):
        make_data_folder()


def test_the_secret_key_is_made_once_and_for_its_owner_alone(
    tmp_path: Path, settings: LazySettings
) -> None:
    settings.DATA = tmp_path
    key = make_secret_key()
    assert len(key) >= 50
    assert make_secret_key() == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
