"""Jobs that take as long as they are told, at their first attempt, and note each attempt."""

import time
from pathlib import Path

from core import jobs
from core.jobs.kinds import job


@job("tests.slow", title="A job that may be tried again", max_attempts=3)
def slow(run: jobs.JobRun) -> dict[str, int]:
    """Note the attempt in `folder`; the first one takes `seconds`."""
    return _take_time(run)


@job("tests.slow_once", title="A job that may not be tried again", max_attempts=1)
def slow_once(run: jobs.JobRun) -> dict[str, int]:
    """Note the attempt in `folder`; the first one takes `seconds`."""
    return _take_time(run)


def _take_time(run: jobs.JobRun) -> dict[str, int]:
    attempt = run.job.attempts
    (Path(run.arguments["folder"]) / f"{run.job.pk}.{attempt}").touch(exist_ok=False)
    if attempt == 1:
        time.sleep(run.arguments["seconds"])
    return {"attempt": attempt}
