"""The course of a column's figures over the periods of a window."""

from collections.abc import Sequence
from typing import Any, Final

from django.utils.safestring import SafeString

from core import formats
from core.charts import Series, line_chart, spark
from monitoring.contexts.distributions import Json
from monitoring.contexts.words import FIGURES, compared, figure, moment

# Charts here stand in one of two columns; drawn wider, their words would shrink with them.
HALF_PAGE: Final = 520


def evolution_of(
    change: Json, periods: Sequence[Json], starts: Sequence[str]
) -> tuple[SafeString | str, str]:
    """Draw the figure that says most over time: the mean, or the share of the commonest label."""
    if not periods:
        return "", ""
    reference = change["reference"]["descriptors"]
    positions = [moment(start) for start in starts]
    if reference["mean"] is None:
        return _label_evolution(reference, periods, positions)
    spread = reference["std"]
    mean = reference["mean"]
    series = [Series(name, [one[name] for one in periods]) for name in ("mean", "median")]
    chart = line_chart(
        series,
        positions=positions,
        label=f"mean and median of {change['name']}",
        band=(mean - spread, mean + spread) if spread is not None else None,
        reference=mean,
        width=HALF_PAGE,
    )
    return chart, "mean and median"


def _label_evolution(
    reference: Json, periods: Sequence[Json], positions: Sequence[Any]
) -> tuple[SafeString | str, str]:
    if not reference["top"]:
        return "", ""
    label, count = reference["top"][0]["label"], reference["top"][0]["count"]
    share = count / reference["count"]
    words = f"share of {label}"
    chart = line_chart(
        [Series(words, [_share_of(label, one) for one in periods])],
        positions=positions,
        label=words,
        band=(max(share - 0.1, 0.0), min(share + 0.1, 1.0)),
        reference=share,
        width=HALF_PAGE,
    )
    return chart, words


def _share_of(label: str, descriptors: Json) -> float | None:
    if not descriptors["count"]:
        return None
    counts = {entry["label"]: entry["count"] for entry in descriptors["top"]}
    return float(counts.get(label, 0) / descriptors["count"])


def sparks_of(
    periods: Sequence[Json], starts: Sequence[str], kind: str
) -> list[tuple[str, SafeString, str]]:
    """Return the course of every other figure that is known: its name, line and newest value."""
    positions = [moment(start) for start in starts]
    names = [name for name in FIGURES if name != "mean"]
    sparks = [
        (
            FIGURES[name],
            spark([one[name] for one in periods], label=FIGURES[name], positions=positions),
            figure(name, periods[-1][name], kind=kind),
        )
        for name in names
        if any(one[name] is not None for one in periods)
    ]
    lacking = [one["missing"] + one["unreadable"] for one in periods]
    if any(lacking):
        shares = [
            lack / max(lack + one["count"], 1) for lack, one in zip(lacking, periods, strict=True)
        ]
        title = compared("missing")
        line = spark(shares, label=title, positions=positions)
        sparks.append((title, line, formats.percent(shares[-1])))
    return sparks
