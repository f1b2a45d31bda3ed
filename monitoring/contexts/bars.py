"""Threshold bars of comparisons."""

import math
from collections.abc import Sequence

from django.utils.safestring import SafeString

from core.charts import threshold_bar
from monitoring.contexts.distributions import Json

MOST_PERCENT = 99_999.0
"""More than this is not told apart, and would not fit beside the bar."""

NARROW = 64
"""How wide a bar is in a table that has half the page."""


def comparison_bar(one: Json | None, *, label: str) -> SafeString:
    """Draw how much of its threshold a change took (`drift.thresholds.Comparison` as JSON).

    Where no change was allowed and there is one, the bar is infinitely long.
    """
    return threshold_bar(_percent(one), label=label)


def narrow_bar(one: Json | None, *, label: str) -> SafeString:
    """Draw the same where there is less room."""
    return threshold_bar(_percent(one), label=label, width=NARROW)


def worst_of(comparisons: Sequence[Json]) -> Json | None:
    """Return the comparison farthest beyond its threshold; one of a constant comes first."""
    known = [one for one in comparisons if one["exceeded"] or one["percent_of_threshold"]]
    return max(
        known or comparisons,
        key=lambda one: (
            one["exceeded"] and one["percent_of_threshold"] is None,
            one["percent_of_threshold"] or 0.0,
        ),
        default=None,
    )


def _percent(one: Json | None) -> float | None:
    if one is None:
        return None
    percent: float | None = one["percent_of_threshold"]
    if percent is None:
        return math.inf if one["exceeded"] else None
    return min(percent, MOST_PERCENT)
