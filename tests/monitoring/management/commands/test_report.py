"""`manage.py report`: a report for shells and CI."""

import io
import json
import zipfile

import pytest
from django.core.management import CommandError, call_command

from tests.monitoring import world

pytestmark = pytest.mark.django_db


def report(*arguments: str) -> str:
    out = io.StringIO()
    call_command("report", *arguments, stdout=out)
    return out.getvalue()


def test_it_prints_the_verdict_and_writes_the_file(drifting, tmp_path, without_pictures):
    file = tmp_path / "report.zip"
    said = report("houses", "--window", "week", "--out", str(file))
    assert said.startswith(f"drifting: {drifting.check.headline}\n- ")
    with zipfile.ZipFile(file) as archive:
        assert "README.txt" in archive.namelist()


@pytest.mark.parametrize("place", ["missing/report.zip", "."])
def test_a_file_that_cannot_be_written_is_one_sentence(drifting, tmp_path, without_pictures, place):
    with pytest.raises(CommandError, match="cannot be written: .*by --out"):
        report("houses", "--window", "week", "--out", str(tmp_path / place))


def test_it_prints_the_rest_object(drifting):
    found = json.loads(report("houses", "--json"))
    assert found["check"]["window"] == "week"
    assert found["rows"] == 90 and found["columns"]


def test_it_takes_a_range(drifting):
    found = json.loads(report("houses", "--from", "2020-01-01", "--to", "2020-01-02", "--json"))
    assert found["check"]["start"].startswith("2020-01-01") and found["rows"] == 0


def test_without_a_baseline_it_fails_with_the_reason(db):
    world.a_watched_version()
    world.a_watched_deployment()
    with pytest.raises(CommandError, match="has no training set"):
        report("wine")


def test_an_unknown_deployment_is_named(db):
    with pytest.raises(CommandError, match="no deployment 'beer'"):
        report("beer")
