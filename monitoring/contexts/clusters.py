"""Clusters: what fell into each, then and now, and what they are made of."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from core import formats
from monitoring.contexts.bars import comparison_bar, narrow_bar, worst_of
from monitoring.contexts.details import FigureRow
from monitoring.contexts.distributions import Json
from monitoring.contexts.words import compared


@dataclass(frozen=True, slots=True)
class ClusterView:
    """One cluster of the baseline, and with a window what fell into it."""

    number: int
    rows: str
    share: str
    radius: str
    radii: list[tuple[str, str, str]]
    shift: str
    labels: list[tuple[str, str, str]]
    bar: SafeString | str
    changed: bool
    figures: list[FigureRow]


def changed_clusters(changes: list[Json]) -> list[ClusterView]:
    """Return the clusters of a window beside the baseline's (`drift.changes.ClusterChange`)."""
    return [_change(change) for change in changes]


def baseline_clusters(model: Json) -> list[ClusterView]:
    """Return the clusters of a baseline (`drift.clusters.ClusterModel` as JSON)."""
    return [
        ClusterView(
            number=number,
            rows=formats.number(cluster["size"]),
            share=formats.percent(cluster["share"]),
            radius=_radius(cluster, "rms"),
            radii=_radii(cluster, None),
            shift="",
            labels=_labels(cluster["labels"], None),
            bar="",
            changed=False,
            figures=[
                FigureRow(name, formats.number(value), "")
                for name, value in cluster["centroid"].items()
            ],
        )
        for number, cluster in enumerate(model["clusters"], start=1)
    ]


def _change(change: Json) -> ClusterView:
    then, now, number = change["reference"], change["current"], change["number"]
    return ClusterView(
        number=number,
        rows=f"{formats.number(then['size'])} → {formats.number(now['size'])}",
        share=f"{formats.percent(then['share'])} → {formats.percent(now['share'])}",
        radius=f"{_radius(then, 'rms')} → {_radius(now, 'rms')}",
        radii=_radii(then, now),
        shift=_shift(now["shift"]),
        labels=_labels(then["labels"], now["labels"]),
        bar=comparison_bar(worst_of(change["comparisons"]), label=f"cluster {number}"),
        changed=change["changed"],
        figures=[_figure(one) for one in change["comparisons"]],
    )


def _figure(one: Json) -> FigureRow:
    is_share = one["what"] == "share"
    shown = formats.percent if is_share else formats.number
    return FigureRow(
        name=compared(one["what"]),
        then=shown(one["reference"]),
        now=shown(one["current"]),
        bar=narrow_bar(one, label=one["what"]),
        exceeded=one["exceeded"],
    )


def _radius(cluster: Json, name: str) -> str:
    radius = cluster["radius"]
    return formats.number(radius[name] if radius else None, digits=3)


def _shift(value: float | None) -> str:
    # What the order of a sum leaves is no move.
    return formats.number(None if value is None else round(value, 6), digits=3)


def _radii(then: Json, now: Json | None) -> list[tuple[str, str, str]]:
    return [
        (name, _radius(then, name), _radius(now, name) if now else "")
        for name in ("mean", "rms", "max")
    ]


def _labels(then: Json, now: Json | None) -> list[tuple[str, str, str]]:
    """Return each label's share of the cluster's rows then and now, the commonest first."""
    known = now or {}
    names = sorted({*then, *known}, key=lambda name: (-then.get(name, 0), -known.get(name, 0)))
    return [
        (
            name,
            formats.percent(then.get(name, 0.0)),
            formats.percent(known.get(name, 0.0)) if now else "",
        )
        for name in names
    ]
