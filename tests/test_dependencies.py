"""`docs/dependencies.md` against the requirements and the licences that packages declare."""

import re
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
TABLES = {
    "requirements.in": "What the portal runs on",
    "requirements-dev.in": "What development and tests need on top",
}
ACCEPTED = "Licences that are not permissive, and why they are accepted"
UNNAMED = "Licences that the package's metadata does not name"

# Looked for in this order: "LGPL" would also be found as "GPL", and any of them outweighs "BSD".
COPYLEFT = {
    "AGPL": r"AGPL|Affero",
    "LGPL": r"LGPL|Lesser General Public",
    "GPL": r"GPL|GNU General Public",
    "MPL": r"MPL|Mozilla",
    "EPL": r"\bEPL\b|Eclipse Public",
}
PERMISSIVE = {
    "MIT": r"\bMIT\b",
    "BSD": r"BSD",
    "Apache": r"Apache",
    "PSF": r"\bPSF|Python Software Foundation",
    "ISC": r"\bISC\b",
}


def asked_for(file: str) -> list[str]:
    """Return the names in one of the short lists of requirements."""
    lines = (line.partition(" #")[0].strip() for line in _text(file).splitlines())
    return [
        canonicalize_name(Requirement(line).name)
        for line in lines
        if line and not line.startswith(("#", "-"))
    ]


def locked() -> list[str]:
    """Return the names of every package that is pinned."""
    text = _text("requirements.txt") + _text("requirements-dev.txt")
    found = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==", text, re.MULTILINE)
    return sorted({canonicalize_name(name) for name in found})


def table(heading: str) -> dict[str, list[str]]:
    """Return the rows under a heading of the page: first cell → the other cells."""
    _, _, after = _text("docs/dependencies.md").partition(f"## {heading}\n")
    assert after, f"docs/dependencies.md has no heading {heading!r}"
    rows = [line for line in after.partition("\n## ")[0].splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows[2:]]
    names = [row[0] for row in cells]
    assert len(names) == len(set(names)), "a package stands twice in a table"
    return {row[0]: row[1:] for row in cells}


def declared_licence(package: str) -> str:
    """Return what the installed package says of its licence; empty if it says nothing."""
    try:
        said = metadata(package)
    except PackageNotFoundError:
        pytest.fail(f"{package} is pinned but not installed; run `make test` or `make check`.")
    classifiers = [line for line in said.get_all("Classifier", []) if line.startswith("License")]
    # Some put the whole text into the field: its first line names it, if anything does.
    first_line = (said.get("License") or "").strip().partition("\n")[0]
    return " ".join([said.get("License-Expression") or "", first_line, *classifiers])


def families(licence: str) -> set[str]:
    """Return the families of licences that a text names; copyleft ones alone if there are any."""
    left = licence
    strict = set()
    for family, pattern in COPYLEFT.items():
        left, found = re.subn(pattern, "", left, flags=re.IGNORECASE)
        strict |= {family} if found else set()
    return strict or {name for name, pattern in PERMISSIVE.items() if re.search(pattern, licence)}


@pytest.mark.parametrize("file", TABLES)
def test_every_requirement_has_a_complete_line_and_every_line_a_requirement(file: str) -> None:
    rows = table(TABLES[file])

    assert sorted(rows) == sorted(asked_for(file))
    assert [name for name, cells in rows.items() if len(cells) != 3 or not all(cells)] == []


@pytest.mark.parametrize("file", TABLES)
def test_the_licences_in_the_tables_are_those_that_the_packages_declare(file: str) -> None:
    unnamed = table(UNNAMED)
    rows = table(TABLES[file])
    written = {name: families(cells[1]) for name, cells in rows.items() if name not in unnamed}
    declared = {name: families(declared_licence(name)) for name in written}

    wrong = {
        name: (written[name], declared[name])
        for name in written
        if not written[name] & declared[name]
    }
    assert wrong == {}


def test_what_is_not_permissive_is_listed_with_a_reason_and_nothing_else_is() -> None:
    accepted, unnamed = table(ACCEPTED), table(UNNAMED)
    strict = {
        name: licence
        for name in locked()
        if name not in unnamed and families(licence := declared_licence(name)) & set(COPYLEFT)
    }

    assert sorted(accepted) == sorted(strict)
    for name, (licence, reason) in accepted.items():
        assert families(licence) == families(strict[name]), name
        assert reason, name


def test_every_pinned_package_has_a_licence_that_somebody_knows() -> None:
    unnamed = table(UNNAMED)
    unknown = [name for name in locked() if not families(declared_licence(name))]

    # cffi's MIT-0 and the like are found by their family's name.
    assert sorted(unknown) == sorted(unnamed)
    assert all(families(cells[0]) & set(PERMISSIVE) for cells in unnamed.values())


def test_families_are_told_apart() -> None:
    assert families("LGPL-3.0-only") == {"LGPL"}
    assert families("License :: OSI Approved :: GNU General Public License v3 (GPLv3)") == {"GPL"}
    assert families("Apache-2.0 OR BSD-3-Clause") == {"Apache", "BSD"}
    assert families("MIT AND MPL-2.0") == {"MPL"}
    assert families("see the file") == set()


def _text(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")
