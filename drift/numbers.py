"""Numbers: the step from NumPy's floats to plain ones that JSON can hold."""

import math
from collections.abc import Iterable


def known(value: float) -> float | None:
    """Return a plain float, or None for NaN and infinity, which JSON cannot hold."""
    return float(value) if math.isfinite(value) else None


def all_known(values: Iterable[float]) -> tuple[float | None, ...]:
    """Return `known` of each value."""
    return tuple(known(value) for value in values)


def short(value: float | None) -> str:
    """Return a number as sentences say it: three significant digits, a dash when unknown."""
    return "—" if value is None else f"{value:.3g}"
