"""Labels: the one spelling under which a category or class is counted, whatever its type.

A class may reach us as `1` from the model, `1.0` from a CSV file and `"1"` from JSON; all three
are the label `"1"`.
"""

import math
from collections.abc import Collection, Iterable
from decimal import Decimal

import numpy as np

LONGEST_LABEL = 200


def label_of(value: object) -> str:
    """Return the spelling of `value`, at most `LONGEST_LABEL` characters and safe in any store.

    PostgreSQL's JSON refuses NUL, and UTF-8 refuses lone surrogates: both are replaced.
    """
    if isinstance(value, bool | np.bool_):
        return str(bool(value))
    if isinstance(value, float | np.floating | Decimal) and _is_short_whole(float(value)):
        return str(int(value))
    text = text_of(value).replace("\0", "\ufffd")
    text = text.encode("utf-8", errors="replace").decode("utf-8")
    return text if len(text) <= LONGEST_LABEL else text[: LONGEST_LABEL - 1] + "…"


def text_of(value: object) -> str:
    """Return `str(value)`, or the type's name for what Python will not print (4,301 digits)."""
    try:
        return str(value)
    except ValueError:
        return f"unprintable {type(value).__name__}"


def ordered(labels: Iterable[str]) -> tuple[str, ...]:
    """Return the labels without repetition: by number if all of them are numbers, else by text.

    This is the order of scikit-learn's `classes_`, so the columns of `predict_proba` keep theirs.
    """
    distinct = set(labels)
    numbers = [(number, label) for label in distinct if (number := _as_number(label)) is not None]
    if len(numbers) == len(distinct):
        return tuple(label for _, label in sorted(numbers))
    return tuple(sorted(distinct))


def truth_spelling(labels: Collection[str], *, like: Collection[str]) -> dict[str, str]:
    """Return how to rename `labels` where they say True and False and `like` says 1 and 0.

    The same the other way round; {} where both already speak one language.
    """
    words, digits = {"False": "0", "True": "1"}, {"0": "False", "1": "True"}
    if set(labels) <= words.keys() and digits.keys() & like:
        return words
    if set(labels) <= digits.keys() and like and set(like) <= words.keys():
        return digits
    return {}


def _is_short_whole(value: float) -> bool:
    return abs(value) < 1e15 and value.is_integer()


def _as_number(label: str) -> float | None:
    try:
        number = float(label)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
