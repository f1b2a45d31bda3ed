"""Tables of reports, as they lie in the zip file: a header and rows of plain values."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from core.spreadsheets import safe_cell
from drift.changes import ClusterChange, ColumnChange
from drift.clusters import Cluster
from drift.confusion import ConfusionMatrix
from drift.correlation import Correlation
from drift.descriptors import Descriptors
from drift.evaluation import Evaluation
from drift.evolution import Evolution
from drift.histograms import Bins, Histogram
from drift.measures import Reference
from drift.reports import DegradationReport, InitialReport
from drift.thresholds import Comparison

FIGURES = ("mean", "std", "min", "q25", "median", "q75", "max")
COUNTS = ("count", "missing", "unreadable", "infinite", "distinct")
COMPARED = ("reference", "current", "change", "allowed", "percent_of_threshold", "exceeded")

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table by the name of its file, without the ending."""

    name: str
    header: Sequence[str]
    rows: Sequence[Row]


def as_csv(table: Table) -> bytes:
    """Return the table as CSV in UTF-8; floats keep every digit, None is empty."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerows([[safe_cell(value) for value in row] for row in (table.header, *table.rows)])
    return buffer.getvalue().encode()


def initial_tables(report: InitialReport) -> Iterator[Table]:
    """Yield the tables of a baseline."""
    described = _with_prediction(report)
    yield Table(
        "descriptors",
        ("column", "kind", *COUNTS, *FIGURES),
        [_described(name, one.measure.descriptors) for name, one in described.items()],
    )
    yield Table(
        "labels",
        ("column", "label", "rows"),
        [
            (name, entry.label, entry.count)
            for name, one in described.items()
            for entry in one.measure.descriptors.top
        ],
    )
    yield Table(
        "histograms",
        ("column", "bin", "rows"),
        [
            (name, label, rows)
            for name, one in described.items()
            for label, rows in _named_cells(one.bins, one.measure.histogram)
        ],
    )
    yield Table("clusters", _CLUSTER_HEADER, _clusters(report.clusters.clusters, side="reference"))
    yield from _metric_tables(report.metrics)
    yield _correlation(report.correlation)


def degradation_tables(report: DegradationReport) -> Iterator[Table]:
    """Yield the tables of a window against its baseline."""
    changes = _changes(report)
    yield Table(
        "descriptors",
        ("column", "side", "kind", *COUNTS, *FIGURES),
        [
            _described(change.name, side.descriptors, what)
            for change in changes
            for what, side in (("reference", change.reference), ("current", change.current))
        ],
    )
    yield Table("comparisons", ("column", "figure", *COMPARED), _compared(changes))
    yield Table(
        "distances",
        ("column", "distance", "value", "noise", "limit", "p_value"),
        [
            (change.name, one.name, one.value, one.noise, one.limit, one.p_value)
            for change in changes
            for one in change.distances
        ],
    )
    yield Table("histograms", ("column", "bin", "reference", "current"), _pairs(changes))
    yield Table("clusters", _CLUSTER_HEADER, _both_clusters(report.clusters))
    yield Table(
        "cluster_comparisons",
        ("cluster", "figure", *COMPARED),
        [
            (change.number, one.what, *_comparison(one))
            for change in report.clusters
            for one in change.comparisons
        ],
    )
    if report.metrics is not None:
        yield Table(
            "metric_comparisons",
            ("metric", *COMPARED),
            [(one.what, *_comparison(one)) for one in report.metrics.comparisons],
        )
        yield from _metric_tables(report.metrics.reference, suffix="_reference")
        yield from _metric_tables(report.metrics.current)
    yield _correlation(report.correlation)
    yield from _evolution_tables(report.evolution)


def _with_prediction(report: InitialReport) -> dict[str, Reference]:
    answers = {"predictions": report.prediction} if report.prediction else {}
    return {**report.columns, **answers}


def _changes(report: DegradationReport) -> list[ColumnChange]:
    answers = (report.prediction, report.target)
    return [*report.columns, *(change for change in answers if change is not None)]


def _described(name: str, figures: Descriptors, *side: str) -> Row:
    values = [getattr(figures, figure) for figure in (*COUNTS, *FIGURES)]
    return (name, *side, figures.kind.value, *values)


def _comparison(one: Comparison) -> Row:
    return [getattr(one, name) for name in COMPARED]


def _compared(changes: list[ColumnChange]) -> list[Row]:
    return [
        (change.name, one.what, *_comparison(one))
        for change in changes
        for one in change.comparisons
    ]


def _named_cells(bins: Bins, histogram: Histogram) -> list[tuple[str, int]]:
    edges = bins.edges
    names = list(bins.labels) or [f"{low!r} to {high!r}" for low, high in pairwise(edges)]
    names = ["below", *names, "above", "other", "missing"]
    return list(zip(names, histogram.cells, strict=True))


def _pairs(changes: list[ColumnChange]) -> list[Row]:
    rows: list[Row] = []
    for change in changes:
        then = _named_cells(change.bins, change.reference.histogram)
        rows += [
            (change.name, name, before, now)
            for (name, before), now in zip(then, change.current.histogram.cells, strict=True)
        ]
    return rows


_CLUSTER_HEADER = ("cluster", "side", "figure", "name", "value")


def _clusters(clusters: Sequence[Cluster], *, side: str, first: int = 1) -> list[Row]:
    """Return clusters as long rows: their columns and labels differ from model to model."""
    rows: list[Row] = []
    for number, cluster in enumerate(clusters, start=first):
        rows += [
            (number, side, "rows", "", cluster.size),
            (number, side, "share", "", cluster.share),
        ]
        rows.append((number, side, "shift", "", cluster.shift))
        radius = cluster.radius
        for name in ("mean", "rms", "max"):
            value = getattr(radius, name) if radius else None
            rows.append((number, side, "radius", name, value))
        rows += [(number, side, "centroid", *entry) for entry in cluster.centroid.items()]
        rows += [(number, side, "label share", *entry) for entry in cluster.labels.items()]
    return rows


def _both_clusters(changes: Sequence[ClusterChange]) -> list[Row]:
    rows: list[Row] = []
    for change in changes:
        for side, cluster in (("reference", change.reference), ("current", change.current)):
            rows += _clusters([cluster], side=side, first=change.number)
    return rows


def _metric_tables(evaluation: Evaluation | None, *, suffix: str = "") -> Iterator[Table]:
    if evaluation is None:
        return
    yield Table(
        f"metrics{suffix}",
        ("metric", "value", "reason"),
        [
            (name, value, evaluation.reasons.get(name, ""))
            for name, value in evaluation.values.items()
        ],
    )
    if evaluation.confusion is not None:
        yield _confusion(evaluation.confusion, name=f"confusion_matrix{suffix}")


def _confusion(confusion: ConfusionMatrix, *, name: str) -> Table:
    rows = [
        (label, *counts) for label, counts in zip(confusion.labels, confusion.counts, strict=True)
    ]
    return Table(name, ("true \\ predicted", *confusion.labels), rows)


def _correlation(correlation: Correlation) -> Table:
    rows = [
        (name, *values)
        for name, values in zip(correlation.columns, correlation.matrix, strict=True)
    ]
    return Table("correlation", ("column", *correlation.columns), rows)


def _evolution_tables(evolution: Evolution) -> Iterator[Table]:
    starts = evolution.starts
    columns = {
        **evolution.columns,
        **({"predictions": evolution.prediction} if evolution.prediction else {}),
    }
    yield Table(
        "evolution",
        ("column", evolution.period.value, "kind", *COUNTS, *FIGURES),
        [
            _described(name, figures, start)
            for name, described in columns.items()
            for start, figures in zip(starts, described, strict=True)
        ],
    )
    labelled = evolution.labelled or (0,) * len(starts)
    shares = evolution.clusters or ((),) * len(starts)
    width = max((len(row) for row in shares), default=0)
    yield Table(
        "evolution_metrics",
        (
            *(evolution.period.value, "rows", "labelled", *evolution.metrics),
            *(f"share of cluster {number}" for number in range(1, width + 1)),
        ),
        [
            (
                *(start, rows, known),
                *(values[place] for values in evolution.metrics.values()),
                *shares[place],
            )
            for place, (start, rows, known) in enumerate(
                zip(starts, evolution.rows, labelled, strict=True)
            )
        ],
    )
