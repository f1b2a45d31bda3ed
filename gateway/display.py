"""How predictions are shown to people: the cells of a list, and one prediction as a table."""

from dataclasses import dataclass
from typing import Any, Final

import msgspec

from core.formats import NOTHING
from gateway.stores import StoredPrediction

_SHORT: Final = 60
_LONGEST_CELL: Final = 300
_LONGEST_RAW: Final = 20_000

Truths = dict[int, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A prediction in a list; `answer` is a word of `core.statuses`."""

    row: StoredPrediction
    answer: str
    short: str
    truths: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a prediction's table."""

    number: int
    cells: list[str]
    prediction: str
    truth: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One prediction with everything that was kept of it; all values as texts."""

    answer: str
    error: str
    columns: list[str]
    rows: list[Row]
    whole: str
    """The answer, when it is not one value per row."""
    has_truths: bool
    answers_text: bool
    """Whether the model answered with texts, such as names of classes."""
    headers: list[tuple[str, str]]
    raw_inputs: str
    raw_outputs: str

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The columns of the first row with their values."""
        return list(zip(self.columns, self.rows[0].cells, strict=False)) if self.rows else []


def line(row: StoredPrediction, truths: Truths) -> Line:
    """Return `row` as a list shows it."""
    outputs = msgspec.json.decode(row.outputs)
    values = outputs if isinstance(outputs, list) else [outputs]
    short = _error(row, outputs) or ", ".join(cell(value) for value in values[:6])
    if len(values) > 6:
        short += ", …"
    return Line(
        row=row, answer=answer_word(row.status), short=_cut(short, _SHORT), truths=len(truths)
    )


def detail(row: StoredPrediction, truths: Truths) -> Detail:
    """Return `row` with everything that was kept of it."""
    table = msgspec.json.decode(row.inputs)
    outputs = msgspec.json.decode(row.outputs)
    columns, data = [str(name) for name in table.get("columns", [])], table.get("data", [])
    error = _error(row, outputs)
    per_row = not error and isinstance(outputs, list) and len(outputs) == len(data)
    rows = [
        Row(
            number=number,
            cells=[cell(value) for value in values],
            prediction=cell(outputs[number]) if per_row else NOTHING,
            truth=cell(truths[number]) if number in truths else NOTHING,
        )
        for number, values in enumerate(data)
    ]
    return Detail(
        answer=answer_word(row.status),
        error=error,
        columns=columns,
        rows=rows,
        whole="" if per_row or error else cell(outputs),
        has_truths=bool(truths),
        answers_text=per_row and any(isinstance(value, str) for value in outputs),
        headers=_headers(row),
        raw_inputs=_pretty(row.inputs),
        raw_outputs=_pretty(row.outputs),
    )


def answer_word(status: int) -> str:
    """Return the status word for an HTTP status."""
    if status < 400:
        return "answered"
    return "refused" if status < 500 else "failed"


def cell(value: Any) -> str:
    """Return a value as a cell shows it: numbers and texts as they were sent, else JSON."""
    if value is None:
        return NOTHING
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return _cut(text, _LONGEST_CELL)


def _error(row: StoredPrediction, outputs: Any) -> str:
    """Return why there is no prediction, or an empty text when there is one."""
    if row.status < 400:
        return ""
    if isinstance(outputs, dict):
        return str(outputs.get("message") or outputs.get("error") or outputs)
    return str(outputs)


def _headers(row: StoredPrediction) -> list[tuple[str, str]]:
    """Return the headers of the answer, as far as they are kept."""
    headers = [
        ("X-Portal-Prediction", str(row.id)),
        ("X-Request-Id", row.request_id),
        ("X-Portal-Deployment", row.deployment),
        ("X-Portal-Model", row.model),
        ("X-Portal-Version", row.version),
        ("X-Portal-Warnings", ", ".join(row.findings)),
        ("traceparent", row.traceparent),
    ]
    return [(name, value) for name, value in headers if value]


def _pretty(text: str) -> str:
    return _cut(msgspec.json.format(text, indent=2), _LONGEST_RAW)


def _cut(text: str, letters: int) -> str:
    return text if len(text) <= letters else f"{text[: letters - 1]}…"
