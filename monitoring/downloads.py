"""Reports as files: JSON and one-file HTML at once, the zip as soon as a job has written it."""

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from django.http import HttpResponse

from core.jobs import wait_for
from core.models import Job
from monitoring.models import Baseline, Check
from monitoring.places import bundle_path
from monitoring.services import request_bundle

if TYPE_CHECKING:
    from accounts.models import User

HTML = "text/html; charset=utf-8"
ZIP = "application/zip"


def json_file(content: dict[str, Any], *, name: str) -> HttpResponse:
    """Return an object as a JSON file to keep."""
    body = msgspec.json.encode(content)
    return _named(HttpResponse(body, content_type="application/json"), f"{name}.json")


def html_file(page: str, *, name: str) -> HttpResponse:
    """Return a page as a file to keep."""
    return _named(HttpResponse(page, content_type=HTML), f"{name}.html")


def zip_file(
    of: Check | Baseline, *, name: str, actor: "User | None", seconds: float
) -> HttpResponse | Job:
    """Return the zip file, or the job that is still writing it after `seconds`."""
    path = bundle_path(of)
    if not path.is_file():
        job = wait_for(request_bundle(of=of, actor=actor), seconds=seconds)
        if job.status != Job.Status.SUCCEEDED:
            return job
    return _named(HttpResponse(path.read_bytes(), content_type=ZIP), f"{name}.zip")


def file_name(of: Check | Baseline) -> str:
    """Return how the files of a report are called, without their ending."""
    if isinstance(of, Check):
        return f"{of.deployment.name}-check-{of.pk}"
    return f"{of.version.model.name}-{of.version.version}-initial"


def _named(response: HttpResponse, name: str) -> HttpResponse:
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    return response
