"""Columns of a check: the row of each in the table."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from core import formats
from monitoring.contexts.bars import comparison_bar, worst_of
from monitoring.contexts.details import ColumnDetail, column_detail
from monitoring.contexts.distributions import Json, distribution
from monitoring.contexts.words import by_name, chance, compared, figure

OPENED_AT_ONCE = 40
"""How many columns carry their details in the page itself; those of others have their own page."""


@dataclass(frozen=True, slots=True)
class ColumnView:
    """One row of the table of columns; `moved` says which figure moved most, and how."""

    name: str
    kind: str
    changed: bool
    small: SafeString
    bar: SafeString
    moved: str
    p_value: str
    detail: ColumnDetail | None


def column_views(report: Json, definitions: Json) -> list[ColumnView]:
    """Return the columns of a degradation report in its order, changed ones first."""
    evolution = report["evolution"]
    return [
        column_view(
            change,
            definitions,
            periods=evolution["columns"].get(change["name"], []),
            starts=evolution["starts"],
            with_detail=place < OPENED_AT_ONCE,
        )
        for place, change in enumerate(report["columns"])
    ]


def answer_views(report: Json, definitions: Json) -> list[ColumnView]:
    """Return the predictions and the true values, as far as they are known on both sides."""
    evolution = report["evolution"]
    answers = [(report["prediction"], evolution["prediction"]), (report["target"], [])]
    return [
        column_view(
            change, definitions, periods=periods, starts=evolution["starts"], with_detail=True
        )
        for change, periods in answers
        if change is not None
    ]


def column_view(
    change: Json,
    definitions: Json,
    *,
    periods: Sequence[Json],
    starts: Sequence[str],
    with_detail: bool,
) -> ColumnView:
    """Return how one column is shown; `periods` are its descriptors, one per start."""
    name, bins, kind = change["name"], change["bins"], change["bins"]["kind"]
    then, now = change["reference"], change["current"]
    worst = worst_of(change["comparisons"])
    test = by_name(change["distances"], "ks") or by_name(change["distances"], "chi_squared")
    return ColumnView(
        name=name,
        kind=kind,
        changed=change["changed"],
        small=distribution(
            name,
            bins,
            reference=then["histogram"],
            current=now["histogram"],
            unseen=now["unseen"],
        ),
        bar=comparison_bar(worst, label=compared(worst["what"]) if worst else name),
        moved=_moved(worst, kind) if worst else "nothing can be compared",
        p_value=chance(test.get("p_value")),
        detail=column_detail(change, definitions, periods=periods, starts=starts)
        if with_detail
        else None,
    )


def _moved(comparison: Json, kind: str) -> str:
    what = comparison["what"]
    if what == "label shares":
        return f"{formats.percent(comparison['current'])} of rows moved to other labels"
    then, now = (figure(what, comparison[side], kind=kind) for side in ("reference", "current"))
    return f"{compared(what)} {then} → {now}"
