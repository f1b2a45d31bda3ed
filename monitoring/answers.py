"""Answers: which part of a model's outputs is the prediction, and which are scores.

Models answer with a value per row, a list, or named outputs; statistics take one prediction per
row and, for classifiers, one probability per class.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from drift.labels import label_of

PREDICTION_NAMES = ("prediction", "predictions", "predicted", "label", "class", "output", "value")
"""Names under which models give the prediction itself beside other outputs, in this order."""

_SUM_TOLERANCE = 1e-3

Scores = list[float | None]


@dataclass(frozen=True, slots=True)
class Answers:
    """One prediction per row (None: there is none), and scores where the model gave any.

    `scores` has one list per row, its entries in the order of `labels`. `note` is a sentence about
    what was left out, or empty.
    """

    predictions: list[Any]
    scores: list[Scores] | None = None
    labels: tuple[str, ...] = ()
    note: str = ""


def read_answers(outputs: Sequence[Any], *, classes: Sequence[str] = ()) -> Answers:
    """Read outputs, one per row; the first that is there decides how all of them are read.

    `classes` are the known classes in their order: a list of as many probabilities is scores, and
    with two of them a single probability is that of the second. Probabilities become the class
    that is most probable.
    """
    first = next((output for output in outputs if output is not None), None)
    if isinstance(first, dict) and first:
        return _from_records(outputs, list(first), classes)
    if isinstance(first, list) and first:
        return _from_lists(outputs, len(first), classes)
    if len(classes) == 2 and _are_probabilities_of_one(outputs):
        scores = [_pair(output) for output in outputs]
        return _most_probable(scores, tuple(classes))
    return Answers(list(outputs))


def _from_records(outputs: Sequence[Any], names: list[str], classes: Sequence[str]) -> Answers:
    rows = [output if isinstance(output, dict) else {} for output in outputs]
    vectors = [[row.get(name) for name in names] for row in rows]
    if len(names) > 1 and _are_distributions(vectors):
        return _most_probable(_in_order(vectors, names, classes), _ordered(names, classes))
    chosen = next((name for name in PREDICTION_NAMES if name in names), names[0])
    answers = read_answers([row.get(chosen) for row in rows], classes=classes)
    if len(names) == 1 or answers.note:
        return answers
    others = ", ".join(name for name in names if name != chosen)
    return replace(
        answers, note=f"Of the model's outputs {chosen!r} is compared; it also gives {others}."
    )


def _from_lists(outputs: Sequence[Any], width: int, classes: Sequence[str]) -> Answers:
    vectors: list[Scores] = [
        output if isinstance(output, list) and len(output) == width else [None] * width
        for output in outputs
    ]
    if width > 1 and _are_distributions(vectors):
        labels = tuple(classes) if len(classes) == width else tuple(map(str, range(width)))
        return _most_probable(vectors, labels)
    answers = read_answers([vector[0] for vector in vectors], classes=classes)
    if width == 1 or answers.note:
        return answers
    return replace(
        answers, note=f"The model answers {width} values per row; the first is compared."
    )


def _most_probable(scores: list[Scores], labels: tuple[str, ...]) -> Answers:
    """Return as prediction the label with the highest score, the first of equals."""
    predictions = [
        labels[max(range(len(row)), key=lambda at: row[at] or 0.0)] if _is_known(row) else None
        for row in scores
    ]
    return Answers(predictions, scores, labels)


def _in_order(vectors: list[Scores], names: list[str], classes: Sequence[str]) -> list[Scores]:
    places = {label_of(name): place for place, name in enumerate(names)}
    order = [places[label] for label in _ordered(names, classes)]
    return [[vector[place] for place in order] for vector in vectors]


def _ordered(names: list[str], classes: Sequence[str]) -> tuple[str, ...]:
    """Return the names of scores in the order of the classes, if they are the same ones."""
    labels = tuple(label_of(name) for name in names)
    return tuple(classes) if set(labels) == set(classes) else labels


def _are_distributions(vectors: Sequence[Sequence[Any]]) -> bool:
    """Whether each row that is there holds probabilities of exclusive classes."""
    known = [vector for vector in vectors if any(value is not None for value in vector)]
    return bool(known) and all(
        all(_is_probability(value) for value in vector)
        and abs(math.fsum(vector) - 1) <= _SUM_TOLERANCE
        for vector in known
    )


def _are_probabilities_of_one(outputs: Sequence[Any]) -> bool:
    """Whether the outputs lie in [0, 1] with fractions among them, so that they are no classes."""
    known = [output for output in outputs if output is not None]
    return all(_is_probability(value) for value in known) and any(
        value not in (0, 1) for value in known
    )


def _is_probability(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _is_known(row: Scores) -> bool:
    return all(value is not None for value in row)


def _pair(probability: float | None) -> Scores:
    return [None, None] if probability is None else [1 - probability, probability]
