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
    """Return a number as sentences say it: `0.0442`, `15.6`, `1,049`; a dash when unknown.

    Three significant digits, and all those before the point up to 10^15.
    """
    if value is None:
        return "—"
    return f"{value:,.0f}" if 999.5 <= abs(value) < 1e15 else f"{value:.3g}"
