"""What the portal's own commands share: one sentence for a refusal, text or JSON for a result."""

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import connection

from core.commands import PortalCommand
from core.errors import ConflictError
from core.models import Job, JobLine
from tests.factories import a_job

pytestmark = pytest.mark.django_db


def _command(act: Callable[[dict[str, Any]], dict[str, Any]]) -> tuple[PortalCommand, io.StringIO]:
    out = io.StringIO()
    command = PortalCommand(stdout=out, no_color=True)
    command.act = act  # type: ignore[method-assign]
    return command, out


def test_a_result_is_text_for_people_and_json_for_programs() -> None:
    command, out = _command(lambda options: {"name": "wine", "version": 3})
    command.handle(json=False)
    assert out.getvalue() == "name: wine\nversion: 3\n"
    command, out = _command(lambda options: {"name": "wine", "version": 3})
    command.handle(json=True)
    assert json.loads(out.getvalue()) == {"name": "wine", "version": 3}


def test_a_refusal_is_its_sentence_and_next_step() -> None:
    def refuses(options: dict[str, Any]) -> dict[str, Any]:
        raise ConflictError("wine is deployed already.", hint="Replace it.")

    command, out = _command(refuses)
    with pytest.raises(CommandError, match=r"^wine is deployed already\. Replace it\.$"):
        command.handle(json=True)
    assert out.getvalue() == ""


@pytest.mark.django_db(transaction=True)
def test_a_job_is_followed_line_by_line_to_its_end() -> None:
    command, out = _command(lambda options: {})
    row = a_job(status=Job.Status.RUNNING)
    JobLine.objects.create(job=row, text="First.")

    def work() -> None:
        try:
            JobLine.objects.create(job=row, text="Second.")
            Job.objects.filter(pk=row.pk).update(status=Job.Status.SUCCEEDED)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    assert command.follow(row, quiet=False).status == "succeeded"
    thread.join()
    assert out.getvalue() == "First.\nSecond.\n"


@pytest.mark.parametrize("status", ["failed", "cancelled"])
def test_a_job_that_does_not_succeed_ends_the_command_badly(status: str) -> None:
    command, out = _command(lambda options: {})
    row = a_job(status=status, error="No wheel." if status == "failed" else "", hint="")
    with pytest.raises(CommandError, match=r"No wheel\.|cancelled"):
        command.follow(row, quiet=True)
    assert out.getvalue() == ""
