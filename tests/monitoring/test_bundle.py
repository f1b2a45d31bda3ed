"""Zip files: the numbers of the report as CSV, pictures, JSON; the same bytes every time."""

import csv
import io
import json
import re
import zipfile

import pytest
from sklearn.metrics import confusion_matrix

from monitoring import pictures
from monitoring.bundle import write_baseline, write_check
from monitoring.models import Check
from monitoring.tables import Table, as_csv
from tests.monitoring import world

pytestmark = pytest.mark.django_db

_written: list[bytes] = []


def silent(_: str) -> None:
    pass


def opened(file) -> dict[str, bytes]:
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(files, name) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode())))


@pytest.fixture
def written(drifting) -> bytes:
    """Return the zip file of the check; drawn once, as the same report gives the same bytes."""
    if not _written:
        _written.append(write_check(drifting.check, log=silent).read_bytes())
    return _written[0]


@pytest.fixture
def files(written) -> dict[str, bytes]:
    """Return the files in the zip file of the check."""
    return opened(io.BytesIO(written))


def test_the_tables_hold_the_numbers_of_pandas(drifting, files):
    width = {
        row["side"]: row for row in rows_of(files, "descriptors.csv") if row["column"] == "width"
    }
    for side, frame in (("reference", drifting.training), ("current", drifting.production)):
        assert float(width[side]["mean"]) == pytest.approx(frame["width"].mean())
        assert float(width[side]["q25"]) == pytest.approx(frame["width"].quantile(0.25))
    town = [row for row in rows_of(files, "histograms.csv") if row["column"] == "town"]
    counted = drifting.production["town"].value_counts()
    assert {row["bin"]: int(row["current"]) for row in town} == {
        "below": 0,
        "'=cmd()": counted["=cmd()"],
        "Bern": counted["Bern"],
        "Chur": counted["Chur"],
        "above": 0,
        "other": counted["Genf <b>"],
        "missing": 0,
    }


def test_the_metrics_stand_with_their_confusion_matrix(drifting, files):
    known = drifting.production[[place % 3 != 0 for place in range(90)]]
    predicted = ["yes" if width > 10.5 else "no" for width in known["width"]]
    counts = confusion_matrix(known["sold"], predicted)
    matrix = rows_of(files, "confusion_matrix.csv")
    assert [[int(row["no"]), int(row["yes"])] for row in matrix] == counts.tolist()
    accuracy = next(r for r in rows_of(files, "metrics.csv") if r["metric"] == "accuracy")
    assert float(accuracy["value"]) == pytest.approx((known["sold"] == predicted).mean())
    evolution = rows_of(files, "evolution_metrics.csv")
    assert sum(int(row["rows"]) for row in evolution) == 90
    assert sum(int(row["labelled"]) for row in evolution) == 60


def test_everything_of_the_contract_is_inside(files):
    tables = {
        *("descriptors", "comparisons", "distances", "histograms", "clusters"),
        *("cluster_comparisons", "metric_comparisons", "metrics", "metrics_reference"),
        *("confusion_matrix", "confusion_matrix_reference", "correlation", "evolution"),
        "evolution_metrics",
    }
    assert {f"{name}.csv" for name in tables} <= set(files)
    pictures = [name for name in files if name.endswith(".png")]
    assert all(files[name].startswith(b"\x89PNG") for name in pictures)
    assert len([name for name in pictures if name.startswith("column_")]) == 10
    assert {"clusters.png", "correlation.png", "confusion_matrix.png"} <= set(pictures)
    assert "metrics_evolution.png" in pictures


def test_the_readme_says_what_was_found_and_what_is_inside(drifting, files):
    readme = files["README.txt"].decode()
    assert drifting.check.headline in readme
    assert all(finding in readme for finding in drifting.check.findings)
    assert all(f"  {name}" in readme for name in files if name != "README.txt")


def test_the_json_is_the_report(drifting, files):
    assert json.loads(files["report.json"]) == drifting.check.report


@pytest.mark.live
def test_the_same_report_gives_the_same_bytes(drifting, written, files, monkeypatch):
    """Of the pictures of columns, drawn alike, those of a number and of a category."""

    def drawn(name: str, *data: object) -> bytes:
        if name in ("width", "town"):
            return draw(name, *data)
        end = re.sub(r"\W+", "_", f"_{name}") + ".png"
        (known,) = (data for file, data in files.items() if file.endswith(end))
        return known

    draw = pictures.distribution
    monkeypatch.setattr(pictures, "distribution", drawn)
    again = Check.objects.get(pk=drifting.check.pk)
    assert write_check(again, log=silent).read_bytes() == written


def test_cells_that_a_spreadsheet_would_run_are_text():
    table = Table("t", ("=head", "b"), [("=1+1", -3.5), ("@x", None), ("-2", 1e-9)])
    assert as_csv(table).decode() == "'=head,b\n'=1+1,-3.5\n'@x,\n'-2,1e-09\n"


def test_a_baseline_has_a_file_of_its_own(drifting, monkeypatch):
    monkeypatch.setattr("monitoring.pictures.distribution", lambda *_: b"drawn as for a check")
    files = opened(write_baseline(drifting.check.baseline, log=silent))
    names = {name for name in files if name.endswith(".csv")}
    assert names == {
        *("descriptors.csv", "labels.csv", "histograms.csv", "clusters.csv"),
        *("metrics.csv", "confusion_matrix.csv", "correlation.csv"),
    }
    columns = [name for name, data in files.items() if data == b"drawn as for a check"]
    assert len(columns) == 10
    assert {"clusters.png", "correlation.png", "confusion_matrix.png"} <= set(files)
    height = next(r for r in rows_of(files, "descriptors.csv") if r["column"] == "height")
    assert float(height["std"]) == pytest.approx(drifting.training["height"].std())
    assert int(height["missing"]) == drifting.training["height"].isna().sum()


def test_a_check_without_a_baseline_holds_what_came_in(drifting, without_pictures):
    version = world.a_watched_version(name="bare")
    failed = Check.objects.create(
        deployment=world.a_watched_deployment(name="bare"),
        version=version,
        end=drifting.check.end,
        status="failed",
        headline="There is no baseline to compare with",
        problem="bare version 1 has no training set.",
        method="test",
        described=drifting.check.baseline.report,
    )
    files = opened(write_check(failed, log=silent))
    assert "descriptors.csv" in files
    assert "bare version 1 has no training set." in files["README.txt"].decode()


def test_each_file_is_a_line_of_the_log(drifting, without_pictures):
    lines: list[str] = []
    write_check(drifting.check, log=lines.append)
    assert "report.json" in lines and "descriptors.csv" in lines
