"""Labelled data as clients send them: a scoring request with the true values beside it."""

from dataclasses import dataclass
from typing import Any, Self

import msgspec

from core.errors import InvalidError
from gateway.tables import row_count, table_of

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
MOST_TRUTHS = 1_000_000


@dataclass(frozen=True, slots=True)
class Labelled:
    """A scoring request as the model takes it, and the true value of each of its rows."""

    request: dict[str, Any]
    truths: list[Any]

    def as_bytes(self) -> bytes:
        """Return both as JSON."""
        return msgspec.json.encode({**self.request, "truths": self.truths})

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return what `as_bytes` gave."""
        body = msgspec.json.decode(data)
        return cls(truths=body.pop("truths"), request=body)


def read_labelled(body: Any) -> Labelled:
    """Return the labelled data in the body of a request.

    Raises:
        InvalidError: it is no scoring request, or has not as many truths as rows.
    """
    forms = [form for form in FORMS if isinstance(body, dict) and form in body]
    if len(forms) != 1:
        raise InvalidError(
            f"The body holds {', '.join(forms) or 'no rows'}; give exactly one of "
            f"{', '.join(FORMS)}.",
            hint='For example {"dataframe_split": {"columns": […], "data": […]}, "truths": […]}.',
            fields={form: ["exactly one of these"] for form in forms or FORMS},
        )
    truths = body.get("truths")
    if not isinstance(truths, list) or not truths or len(truths) > MOST_TRUTHS:
        raise InvalidError(
            f"truths must be a list with the true value of each row, at most {MOST_TRUTHS:,}.",
            fields={"truths": ["not such a list"]},
        )
    request = {name: value for name, value in body.items() if name != "truths"}
    table = table_of(msgspec.json.encode(request), "application/json", names=[])
    if "data" in table and row_count(table) != len(truths):
        raise InvalidError(
            f"There are {len(truths)} truths for {row_count(table)} rows: give one for each row.",
            fields={"truths": [f"{row_count(table)} are needed"]},
        )
    return Labelled(request=request, truths=truths)
