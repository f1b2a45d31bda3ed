"""What predictions are narrowed by: one reading of the parameters for pages, REST and exports."""

from collections.abc import Mapping
from typing import Final

from core import timerange
from core.errors import InvalidError
from gateway.stores.protocol import Query

ANSWERS: Final = {
    "answered": (200, 300),
    "refused": (400, 500),
    "failed": (500, 600),
}
"""What `status` may say, with the HTTP statuses from the first on, below the second."""


def query_of(asked: Mapping[str, str], *, deployment: str) -> Query:
    """Return the query that `window` or `from`, `to`, `tz`, and `version`, `status`, `search` ask.

    A prediction or request id in `search` is looked for in all of time.

    Raises:
        InvalidError: the stretch of time cannot be read, or there is no such status.
    """
    span = timerange.parse(asked)
    status, search = asked.get("status", ""), asked.get("search", "").strip()
    if status and status not in ANSWERS:
        raise InvalidError(
            f"status is {status!r}; it must be one of {', '.join(ANSWERS)}.",
            fields={"status": ["unknown"]},
        )
    return Query(
        deployment=deployment,
        start=None if search else span.start,
        end=None if search else span.end,
        version=asked.get("version", ""),
        statuses=ANSWERS.get(status),
        search=search,
    )
