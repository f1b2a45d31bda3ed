"""What the row of a column opens to: both distributions, figures, distances, their course."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from core import formats
from monitoring.contexts.bars import narrow_bar
from monitoring.contexts.distributions import Json, beside_bins, distribution, unit
from monitoring.contexts.over_time import evolution_of, sparks_of
from monitoring.contexts.words import COUNTS, FIGURES, chance, compared, figure


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure then and now, and how much of its threshold the change took (if it has one)."""

    name: str
    then: str
    now: str
    bar: SafeString | str = ""
    exceeded: bool = False


@dataclass(frozen=True, slots=True)
class DistanceRow:
    """One distance with its customary limit, and what chance alone would give."""

    title: str
    definition: str
    value: str
    noise: str
    limit: str
    p_value: str
    beyond: bool


@dataclass(frozen=True, slots=True)
class ColumnDetail:
    """All that is known of a column then and now."""

    large: SafeString
    unit: str
    beside: list[tuple[str, str]]
    figures: list[FigureRow]
    distances: list[DistanceRow]
    evolution: SafeString | str
    followed: str
    sparks: list[tuple[str, SafeString, str]]


def column_detail(
    change: Json, definitions: Json, *, periods: Sequence[Json], starts: Sequence[str]
) -> ColumnDetail:
    """Return the details of one column; `periods` are its descriptors, one per start."""
    bins, then, now = change["bins"], change["reference"], change["current"]
    kind = bins["kind"]
    chart, followed = evolution_of(change, periods, starts)
    return ColumnDetail(
        large=distribution(
            change["name"],
            bins,
            reference=then["histogram"],
            current=now["histogram"],
            unseen=now["unseen"],
            large=True,
        ),
        unit=unit(bins),
        beside=_beside(bins, then["histogram"], now["histogram"]),
        figures=_figures(change, kind),
        distances=[_distance(one, definitions) for one in change["distances"]],
        evolution=chart,
        followed=followed,
        sparks=sparks_of(periods, starts, kind),
    )


def _beside(bins: Json, then: Json, now: Json) -> list[tuple[str, str]]:
    """Return what lies beside the line of a histogram of numbers, in words."""
    if bins["labels"]:
        return []
    sides = [("reference", beside_bins(bins, then)), ("current", beside_bins(bins, now))]
    return [
        (side, ", ".join(f"{formats.number(count)} with {words}" for words, count in rows))
        for side, rows in sides
        if rows
    ]


def _figures(change: Json, kind: str) -> list[FigureRow]:
    then, now = change["reference"]["descriptors"], change["current"]["descriptors"]
    judged = {one["what"]: one for one in change["comparisons"]}
    rows = [
        FigureRow(title, formats.number(then[name]), formats.number(now[name]))
        for name, title in COUNTS.items()
        if then[name] or now[name]
    ]
    named = {**FIGURES, "missing": compared("missing"), "label shares": compared("label shares")}
    for name, title in named.items():
        one = judged.get(name)
        if one is not None:
            rows.append(_judged(title, one, kind))
        elif then.get(name) is not None and name in FIGURES:
            before, after = (figure(name, side[name], kind=kind) for side in (then, now))
            rows.append(FigureRow(title, before, after))
    return rows


def described_figures(descriptors: Json) -> list[FigureRow]:
    """Return the figures of a column by itself, each as `then`."""
    kind = descriptors["kind"]
    counts = [
        FigureRow(title, formats.number(descriptors[name]), "")
        for name, title in COUNTS.items()
        if descriptors[name] or name in ("count", "missing")
    ]
    known = [
        FigureRow(title, figure(name, descriptors[name], kind=kind), "")
        for name, title in FIGURES.items()
        if descriptors[name] is not None
    ]
    labels = [
        FigureRow(entry["label"], formats.number(entry["count"]), "")
        for entry in descriptors["top"]
    ]
    return [*counts, *known, *labels]


def _judged(title: str, one: Json, kind: str) -> FigureRow:
    then, now = (figure(one["what"], one[side], kind=kind) for side in ("reference", "current"))
    return FigureRow(
        name=title,
        then=then,
        now=now,
        bar=narrow_bar(one, label=title),
        exceeded=one["exceeded"],
    )


def _distance(one: Json, definitions: Json) -> DistanceRow:
    known = definitions.get(one["name"], {})
    value, limit = one["value"], one["limit"]
    return DistanceRow(
        title=known.get("title", one["name"]),
        definition=f"{known.get('definition', '')} {known.get('source', '')}".strip(),
        value=formats.number(value, digits=3),
        noise=formats.number(one["noise"], digits=3),
        limit=formats.number(limit, digits=3),
        p_value="" if one["p_value"] is None else chance(one["p_value"]),
        beyond=value is not None and limit is not None and value > limit,
    )
