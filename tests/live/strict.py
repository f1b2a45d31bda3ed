"""A plugin of pytest for `make test-live`: in CI, a live test that is skipped has failed.

On a developer's machine a part that is not there is a reason to skip. In CI it is a hole that
nobody would look at, for the run would still be green.
"""

import os
from collections.abc import Generator

import pytest

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip of a live test into a failure that says why it was skipped."""
    report = yield
    expected = hasattr(report, "wasxfail")
    if IN_CI and report.skipped and not expected and item.get_closest_marker("live"):
        report.outcome = "failed"
        report.longrepr = f"Live tests may not be skipped in CI: {_reason(report.longrepr)}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Do the same for a module that skips itself while it is imported."""
    report = yield
    if IN_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"Modules may not be skipped in CI: {_reason(report.longrepr)}"
    return report


def _reason(skip: object) -> str:
    return str(skip[2]) if isinstance(skip, tuple) else str(skip)
