"""Distributions of columns as charts, on the bins of the baseline."""

import math
from collections.abc import Sequence
from typing import Any

from django.utils.safestring import SafeString

from core.charts import histogram_pair
from monitoring.contexts.words import DATE, TEXT, figure

Json = dict[str, Any]

_SECONDS_PER_DAY = 86_400.0


def distribution(
    name: str,
    bins: Json,
    *,
    reference: Json | None,
    current: Json | None = None,
    unseen: Sequence[Json] = (),
    large: bool = False,
) -> SafeString:
    """Draw the histogram of one side or both; `reference` and `current` are histograms as JSON.

    `unseen` are the labels of the current side that the baseline never had, with their counts.
    """
    sides = {"reference": reference, "current": current}
    given = {side: histogram for side, histogram in sides.items() if histogram is not None}
    if bins["labels"] or not bins["edges"]:
        labels, counts = _labelled(bins, given, unseen)
        return histogram_pair(
            label=name,
            labels=labels,
            reference=counts.get("reference"),
            current=counts.get("current"),
            large=large,
        )
    edges, counts = _on_a_line(bins, given)
    return histogram_pair(
        label=_with_unit(name, bins),
        edges=edges,
        reference=counts.get("reference"),
        current=counts.get("current"),
        large=large,
    )


def beside_bins(bins: Json, histogram: Json) -> list[tuple[str, int]]:
    """Return the rows that a histogram of numbers cannot show on its line, by what they are."""
    rows = [("no value", histogram["missing"])]
    if bins["edges"]:
        rows.append(("not of this kind", histogram["other"]))
    return [(words, count) for words, count in rows if count]


def _with_unit(name: str, bins: Json) -> str:
    if bins["kind"] == DATE:
        return f"{name}, in days from {_first_day(bins)}"
    return f"{name}, length in characters" if bins["kind"] == TEXT else name


def unit(bins: Json) -> str:
    """Return what the axis of a large chart counts, where that is not the value itself."""
    if bins["kind"] == DATE and bins["edges"]:
        return f"days from {_first_day(bins)}"
    return "characters" if bins["kind"] == TEXT else ""


def _first_day(bins: Json) -> str:
    return figure("min", bins["edges"][0], kind=DATE)


def _labelled(
    bins: Json, sides: dict[str, Json], unseen: Sequence[Json]
) -> tuple[list[str], dict[str, list[int]]]:
    """Return labels and counts, with bars for labels without a bin and for missing values."""
    new = [(entry["label"], {"reference": 0, "current": entry["count"]}) for entry in unseen]
    named = {side: sum(counts[side] for _, counts in new) for side in sides}
    other = {side: h["other"] + h["under"] + h["over"] - named[side] for side, h in sides.items()}
    missing = {side: histogram["missing"] for side, histogram in sides.items()}
    rest = [("other values", other), ("no value", missing)]
    bars = [*new, *((name, counts) for name, counts in rest if any(counts.values()))]
    return [*bins["labels"], *(name for name, _ in bars)], {
        side: [*histogram["counts"], *(counts[side] for _, counts in bars)]
        for side, histogram in sides.items()
    }


def _on_a_line(bins: Json, sides: dict[str, Json]) -> tuple[list[float], dict[str, list[int]]]:
    """Return edges and counts, with open ends only where values lie beyond the bins."""
    edges = [float(edge) for edge in bins["edges"]]
    if bins["kind"] == DATE:
        edges = [(edge - edges[0]) / _SECONDS_PER_DAY for edge in edges]
    under = any(histogram["under"] for histogram in sides.values())
    over = any(histogram["over"] for histogram in sides.values())
    counts = {
        side: [
            *([histogram["under"]] if under else []),
            *histogram["counts"],
            *([histogram["over"]] if over else []),
        ]
        for side, histogram in sides.items()
    }
    low = [-math.inf] if under else []
    high = [math.inf] if over else []
    return [*low, *edges, *high], counts
