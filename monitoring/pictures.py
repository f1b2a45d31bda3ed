"""Pictures of reports as PNG, for the zip file; drawn by matplotlib without any global state."""

import io
import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from drift.changes import ClusterChange, ColumnChange
from drift.clusters import Cluster
from drift.confusion import ConfusionMatrix
from drift.correlation import Correlation
from drift.evolution import Evolution
from drift.histograms import Bins, Histogram
from drift.reports import DegradationReport, InitialReport

Pictures = Iterator[tuple[str, bytes]]

REFERENCE, CURRENT = "#8793a6", "#0b6484"
MOST_LABELS = 20
MOST_NUMBERED = 12

_UNSAFE = re.compile(r"[^\w.-]+")


def of_initial(report: InitialReport) -> Pictures:
    """Yield the pictures of a baseline: each column, clusters, correlation, confusion matrix."""
    columns = dict(report.columns)
    if report.prediction is not None:
        columns["predictions"] = report.prediction
    for number, (name, reference) in enumerate(columns.items(), start=1):
        sides = {"reference": reference.measure.histogram}
        yield _file_name("column", number, name), distribution(name, reference.bins, sides)
    yield from _clusters({"reference": report.clusters.clusters})
    yield from _correlation(report.correlation)
    if report.metrics is not None:
        yield from _confusion("confusion_matrix", report.metrics.confusion)


def of_degradation(report: DegradationReport, initial: InitialReport | None) -> Pictures:
    """Yield the pictures of a window: each column then and now, clusters, metrics, evolution."""
    answers = [change for change in (report.prediction, report.target) if change is not None]
    for number, change in enumerate([*report.columns, *answers], start=1):
        yield _file_name("column", number, change.name), _pair(change)
    yield from _clusters(_both(report.clusters))
    yield from _correlation(report.correlation)
    if initial is not None:
        yield from _correlation(initial.correlation, name="correlation_reference")
    if report.metrics is not None:
        yield from _confusion("confusion_matrix", report.metrics.current.confusion)
        reference = report.metrics.reference
        if reference is not None:
            yield from _confusion("confusion_matrix_reference", reference.confusion)
    yield from _metrics(report.evolution)


def distribution(name: str, bins: Bins, sides: dict[str, Histogram]) -> bytes:
    """Return the distribution of a column, one or two sides on the same bins, as shares."""
    figure, axes = _figure(6.4, 3.6)
    names = ["below", *_bin_names(bins), "above", "other", "missing"]
    shares = {side: _shares(histogram.cells) for side, histogram in sides.items()}
    used = [at for at in range(len(names)) if any(values[at] for values in shares.values())]
    used = _most_frequent(used, shares) if bins.labels else used
    width = 0.8 / max(len(sides), 1)
    for place, (side, values) in enumerate(shares.items()):
        axes.bar(
            [at + (place + 0.5) * width - 0.4 for at in range(len(used))],
            [values[at] for at in used],
            width=width,
            color=_colour(side),
            label=side,
        )
    shown = used[:: max(1, len(used) // 8)]
    axes.set_xticks([used.index(at) for at in shown], [_short(names[at]) for at in shown])
    axes.tick_params(axis="x", labelrotation=30)
    axes.set_ylabel("share of rows")
    axes.set_title(_short(name, most=60))
    if len(sides) > 1:
        axes.legend(frameon=False)
    return _png(figure)


def _pair(change: ColumnChange) -> bytes:
    sides = {"reference": change.reference.histogram, "current": change.current.histogram}
    return distribution(change.name, change.bins, sides)


def _clusters(sides: dict[str, Sequence[Cluster]]) -> Pictures:
    """Yield shares and radii of the clusters side by side."""
    count = max((len(clusters) for clusters in sides.values()), default=0)
    if not count:
        return
    figure = _blank(8, 3.6)
    for place, (title, figures) in enumerate((("share of rows", "share"), ("radius (rms)", "rms"))):
        axes = figure.add_subplot(1, 2, place + 1)
        width = 0.8 / len(sides)
        for number, (side, clusters) in enumerate(sides.items()):
            axes.bar(
                [at + (number + 0.5) * width - 0.4 for at in range(count)],
                [_figure_of(cluster, figures) for cluster in clusters],
                width=width,
                color=_colour(side),
                label=side,
            )
        axes.set_xticks(range(count), [f"cluster {at + 1}" for at in range(count)])
        axes.tick_params(axis="x", labelrotation=30)
        axes.set_title(title)
        if len(sides) > 1 and place == 0:
            axes.legend(frameon=False)
    yield "clusters.png", _png(figure)


def _both(changes: Sequence[ClusterChange]) -> dict[str, Sequence[Cluster]]:
    if not changes:
        return {}
    return {
        "reference": [change.reference for change in changes],
        "current": [change.current for change in changes],
    }


def _correlation(correlation: Correlation, *, name: str = "correlation") -> Pictures:
    if not correlation.columns:
        return
    values = np.array(correlation.matrix, dtype=np.float64)
    figure, axes = _square(len(correlation.columns))
    image = axes.imshow(values, vmin=-1, vmax=1, cmap="BrBG")
    figure.colorbar(image, ax=axes, shrink=0.8)
    _label_cells(axes, correlation.columns, correlation.columns, values, form="{:.2f}")
    axes.set_title("Pearson correlation")
    yield f"{name}.png", _png(figure)


def _confusion(name: str, confusion: ConfusionMatrix | None) -> Pictures:
    if confusion is None or not confusion.labels:
        return
    counts = np.array(confusion.counts, dtype=np.float64)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure, axes = _square(len(confusion.labels))
    axes.imshow(shares, vmin=0, vmax=1, cmap="Blues")
    _label_cells(axes, confusion.labels, confusion.labels, counts, form="{:.0f}")
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title("Confusion matrix")
    yield f"{name}.png", _png(figure)


def _metrics(evolution: Evolution) -> Pictures:
    known = {
        name: values
        for name, values in evolution.metrics.items()
        if any(value is not None for value in values)
    }
    if not known:
        return
    figure, axes = _figure(8, 3.6)
    for name, values in known.items():
        points = [np.nan if value is None else value for value in values]
        axes.plot(range(len(points)), points, marker="o", markersize=3, label=name)
    starts = [start[:16].replace("T", " ") for start in evolution.starts]
    step = max(1, len(starts) // 8)
    axes.set_xticks(range(0, len(starts), step), starts[::step])
    axes.tick_params(axis="x", labelrotation=30)
    axes.set_title(f"Metrics by {evolution.period}")
    axes.legend(frameon=False)
    yield "metrics_evolution.png", _png(figure)


def _label_cells(
    axes: Axes, rows: Sequence[str], columns: Sequence[str], values: Any, *, form: str
) -> None:
    axes.set_xticks(range(len(columns)), [_short(name) for name in columns])
    axes.set_yticks(range(len(rows)), [_short(name) for name in rows])
    axes.tick_params(axis="x", labelrotation=60)
    if len(rows) > MOST_NUMBERED:
        return
    for (row, column), value in np.ndenumerate(values):
        shown = "" if np.isnan(value) else form.format(value)
        axes.text(column, row, shown, ha="center", va="center", fontsize=7)


def _bin_names(bins: Bins) -> list[str]:
    if bins.labels:
        return list(bins.labels)
    return [f"{low:.4g}" for low in bins.edges[:-1]]


def _most_frequent(used: list[int], shares: dict[str, list[float]]) -> list[int]:
    by_share = sorted(used, key=lambda at: -sum(values[at] for values in shares.values()))
    return sorted(by_share[:MOST_LABELS])


def _shares(cells: Sequence[int]) -> list[float]:
    total = max(sum(cells), 1)
    return [count / total for count in cells]


def _figure_of(cluster: Cluster, name: str) -> float:
    if name == "share":
        return cluster.share or 0.0
    return cluster.radius.rms if cluster.radius else 0.0


def _colour(side: str) -> str:
    return CURRENT if side == "current" else REFERENCE


def _short(name: str, *, most: int = 18) -> str:
    # A dollar sign would begin a formula.
    text = name if len(name) <= most else f"{name[: most - 1]}…"
    return text.replace("$", r"\$")


def _file_name(kind: str, number: int, name: str) -> str:
    """Return a file name that sorts as the report does and is safe on every system."""
    return f"{kind}_{number:03d}_{_UNSAFE.sub('_', name)[:60]}.png"


def _blank(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _figure(width: float, height: float) -> tuple[Figure, Axes]:
    figure = _blank(width, height)
    return figure, figure.add_subplot()


def _square(cells: int) -> tuple[Figure, Axes]:
    side = min(max(3.5, 1.6 + 0.45 * cells), 14)
    return _figure(side + 0.8, side)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # The version of matplotlib would make the same picture differ from machine to machine.
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
