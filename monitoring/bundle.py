"""The zip file of a report: tables as CSV, pictures as PNG, the report as JSON, a README.

The same report gives the same bytes, whenever and wherever it is written.
"""

import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from drift.reports import DegradationReport, InitialReport
from monitoring import pictures
from monitoring.models import Baseline, Check
from monitoring.places import bundle_path
from monitoring.tables import Table, as_csv, degradation_tables, initial_tables

Log = Callable[[str], None]
Files = Iterator[tuple[str, bytes]]

_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_check(check: Check, *, log: Log) -> Path:
    """Write the zip file of a check; one that failed holds what came in, described by itself."""
    about = [f"{check.headline}.", check.problem, f"Predictions: {check.span.label}."]
    if not check.report:
        files = _initial_files(check.described) if check.described else iter(())
        return _write(bundle_path(check), files, about=_about(check, about), log=log)
    report = DegradationReport.from_json(check.report)
    initial = InitialReport.from_json(check.baseline.report) if check.baseline else None
    return _write(
        bundle_path(check),
        _degradation_files(check.report, report, initial),
        about=_about(check, [*about, *report.findings, *report.notes]),
        log=log,
    )


def write_baseline(baseline: Baseline, *, log: Log) -> Path:
    """Write the zip file of a baseline's initial report."""
    notes = baseline.report.get("notes", [])
    about = [f"Initial report of {baseline.version}.", f"Data: {baseline.label}.", *notes]
    return _write(bundle_path(baseline), _initial_files(baseline.report), about=about, log=log)


def _about(check: Check, sentences: list[str]) -> list[str]:
    return [f"Check of {check.deployment}, {check.version}.", *filter(None, sentences)]


def _initial_files(plain: dict[str, Any]) -> Files:
    report = InitialReport.from_json(plain)
    yield "report.json", _json(plain)
    yield from _tables(initial_tables(report))
    yield from pictures.of_initial(report)


def _degradation_files(
    plain: dict[str, Any], report: DegradationReport, initial: InitialReport | None
) -> Files:
    yield "report.json", _json(plain)
    yield from _tables(degradation_tables(report))
    yield from pictures.of_degradation(report, initial)


def _tables(tables: Iterator[Table]) -> Files:
    for table in tables:
        yield f"{table.name}.csv", as_csv(table)


def _json(plain: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(plain, order="sorted"), indent=1)


def _write(path: Path, files: Files, *, about: list[str], log: Log) -> Path:
    """Write the files, sorted, and put the zip in its place once it is whole."""
    contents = {}
    for name, data in files:
        log(name)
        contents[name] = data
    contents["README.txt"] = _readme(about, sorted(contents))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(contents):
            entry = zipfile.ZipInfo(name, date_time=_ZIP_EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, contents[name])
    whole = path.with_suffix(".part")
    whole.write_bytes(buffer.getvalue())
    whole.replace(path)
    return path


def _readme(about: list[str], names: list[str]) -> bytes:
    lines = [*about, "", "Files", *(f"  {name}" for name in names), ""]
    return "\n".join(lines).encode()
