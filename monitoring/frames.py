"""Frames: logged predictions of a window as columns, one entry per row of input."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
import pandas as pd

from gateway import selectors
from gateway.stores import StoredPrediction
from gateway.stores.protocol import Query
from monitoring.outputs import outputs_per_row
from monitoring.rules import MOST_ROWS


@dataclass(frozen=True, slots=True, eq=False)
class Logged:
    """The answered rows of a window, oldest first, each part with one entry per row.

    `truths` are None where they are not known (yet). `notes` are sentences about what could not
    be read as rows.
    """

    frame: pd.DataFrame
    times: pd.Series
    outputs: list[Any]
    truths: list[Any]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return len(self.outputs)

    @property
    def known_truths(self) -> list[Any] | None:
        """The truths, or None when not one of them is known."""
        return self.truths if any(truth is not None for truth in self.truths) else None

    def named_as(self, inputs: tuple[str, ...]) -> "Logged":
        """Return it with columns that came without names called as the baseline calls them."""
        numbered = [str(place) for place in range(len(inputs))]
        if list(self.frame.columns) != numbered:
            return self
        frame = self.frame.set_axis(list(inputs), axis="columns")
        return Logged(frame, self.times, self.outputs, self.truths, self.notes)


@dataclass(frozen=True, slots=True)
class _Answered:
    """One prediction: its columns and rows, and what belongs to each row."""

    time: datetime
    columns: list[str]
    data: list[list[Any]]
    outputs: list[Any]
    truths: dict[int, Any]


@dataclass(slots=True)
class _Thinned:
    """Predictions of which every `step`-th is kept, the step doubled whenever they get too many."""

    most: int
    step: int = 1
    seen: int = 0
    rows: int = 0
    kept: list[_Answered] = field(default_factory=list)

    def add(self, answered: _Answered) -> None:
        if self.seen % self.step == 0:
            self.kept.append(answered)
            self.rows += len(answered.data)
        self.seen += 1
        while self.rows > self.most and len(self.kept) > 1:
            self.kept = self.kept[::2]
            self.step *= 2
            self.rows = sum(len(entry.data) for entry in self.kept)


def read_window(query: Query, *, model: str) -> Logged:
    """Return what a version of `model` answered in the window of `query`.

    Beyond `MOST_ROWS` rows every second (fourth, …) prediction is read, and a note says so.
    """
    thinned = _Thinned(most=MOST_ROWS)
    strange = 0
    for answered in _answered(query, model):
        if answered is None:
            strange += 1
        else:
            thinned.add(answered)
    notes = _notes(strange, thinned.step)
    return _logged(thinned.kept, notes=notes)


def read_first(query: Query, *, model: str, rows: int) -> Logged:
    """Return the first `rows` rows that a version of `model` answered, fewer if there are."""
    kept: list[_Answered] = []
    found = 0
    for answered in _answered(query, model):
        if answered is not None:
            kept.append(answered)
            found += len(answered.data)
        if found >= rows:
            break
    logged = _logged(kept, notes=())
    return Logged(
        frame=logged.frame.iloc[:rows],
        times=logged.times.iloc[:rows],
        outputs=logged.outputs[:rows],
        truths=logged.truths[:rows],
    )


def _answered(query: Query, model: str) -> Iterator[_Answered | None]:
    """Yield each prediction of the model, None for one whose input is no table."""
    # A name that was given to another model later has predictions of both.
    rows = (row for row in selectors.predictions(query) if row.model == model)
    for row, truths in selectors.with_truths(rows):
        yield _read(row, truths)


def _read(row: StoredPrediction, truths: dict[int, Any]) -> _Answered | None:
    table = msgspec.json.decode(row.inputs)
    if "data" not in table:
        return None
    data = table["data"]
    outputs = outputs_per_row(msgspec.json.decode(row.outputs), rows=len(data))
    return _Answered(row.time, table["columns"], data, outputs, truths)


def _logged(kept: list[_Answered], *, notes: tuple[str, ...]) -> Logged:
    times = [entry.time for entry in kept for _ in entry.data]
    return Logged(
        frame=pd.DataFrame(_columns(kept), index=range(len(times))),
        times=pd.Series(times, dtype="datetime64[us, UTC]"),
        outputs=[output for entry in kept for output in entry.outputs],
        truths=[entry.truths.get(row) for entry in kept for row in range(len(entry.data))],
        notes=notes,
    )


def _columns(kept: Iterable[_Answered]) -> dict[str, list[Any]]:
    """Return the values of every column that any prediction has, None where one lacks it."""
    columns: dict[str, list[Any]] = {}
    rows = 0
    for entry in kept:
        for place, name in enumerate(entry.columns):
            values = columns.setdefault(name, [])
            if len(values) > rows:
                continue  # a name that stands twice in one request: the first counts
            values += [None] * (rows - len(values))
            values += [row[place] if place < len(row) else None for row in entry.data]
        rows += len(entry.data)
    for values in columns.values():
        values += [None] * (rows - len(values))
    return columns


def _notes(strange: int, step: int) -> tuple[str, ...]:
    notes = []
    if strange:
        notes.append(
            f"{strange} predictions have inputs that are no table of columns; they are left out."
        )
    if step > 1:
        notes.append(
            f"The window holds more than {MOST_ROWS:,} rows: one prediction in {step} is read."
        )
    return tuple(notes)
