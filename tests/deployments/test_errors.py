"""Whose fault it was that a version cannot be served, as REST's status says it."""

import pytest

from core.errors import PortalError
from deployments.agent.rollout import Superseded
from deployments.errors import BuildError, IndexUnavailable, ModelStartError


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (BuildError, 422, "build_failed"),
        (ModelStartError, 422, "model_start_failed"),
        (IndexUnavailable, 503, "unavailable"),
        (Superseded, 409, "conflict"),
    ],
)
def test_only_faults_of_ours_are_answered_by_500(
    error: type[PortalError], status: int, code: str
) -> None:
    assert (error.http_status, error.code) == (status, code)
