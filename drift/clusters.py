"""Clusters: k-means on a baseline's numeric columns, and what later rows look like against it.

The reference's centres stay fixed: rows of a window go to the nearest of them and are not
clustered again, so the clusters keep their numbers and can be compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import KMeans
from sklearn.metrics import pairwise_distances, pairwise_distances_argmin, silhouette_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from drift.columns import Column
from drift.descriptors import describe
from drift.numbers import known

SEED = 20_240_229
STARTS = 5
CLASSES_AS_CLUSTERS = range(2, 21)
CANDIDATES = range(2, 11)
ROWS_TO_FIT = 20_000
ROWS_FOR_SILHOUETTE = 2_000

# A broken unit may send values arbitrarily far; squares of this still fit into a float64.
_FARTHEST = 1e9
# Rows that agree to so many decimals of a standard deviation are one point to k-means.
_DECIMALS = 6

_Matrix = NDArray[np.float64]
_Codes = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Radius:
    """Distances of a cluster's rows to their own centroid, in reference standard deviations."""

    mean: float
    rms: float
    max: float


@dataclass(frozen=True, slots=True)
class Cluster:
    """The rows that fall into one cluster; without any, centroid, shift and radius are unknown.

    `centroid` is in the columns' own units; `shift` is its distance from the reference's centre,
    in standard deviations; `labels` are shares among the cluster's rows that have a label.
    """

    size: int
    share: float | None
    centroid: dict[str, float | None]
    shift: float | None
    radius: Radius | None
    labels: dict[str, float]


@dataclass(frozen=True, slots=True)
class ClusterModel:
    """The clusters of a baseline, largest first, with all that is needed to assign other rows.

    `means` and `scales` standardise the columns (ddof=0); `centres` are in those units. When
    there are no clusters, `reason` says why in a sentence and everything else is empty.
    """

    columns: tuple[str, ...] = ()
    means: tuple[float, ...] = ()
    scales: tuple[float, ...] = ()
    centres: tuple[tuple[float, ...], ...] = ()
    clusters: tuple[Cluster, ...] = ()
    silhouette: float | None = None
    seed: int = SEED
    reason: str | None = None


def fit_clusters(
    columns: Mapping[str, Column], *, classes: int | None = None, labels: Column | None = None
) -> ClusterModel:
    """Cluster the rows by their numeric columns; never raises for data that cannot be clustered.

    `classes` is the model's number of output classes (None for a regressor): within 2 to 20 it is
    the number of clusters, otherwise the best silhouette of 2 to 10 decides. `labels` are the
    rows' classes. Missing and infinite values take the column's mean; constant columns are left
    out. Above `ROWS_TO_FIT` rows, the centres come from a sample of that size.
    """
    model = _standardisation(columns)
    if not model.columns:
        return replace(model, reason="There are no clusters: no input is a number that varies.")
    points = _standardised(model, columns)
    sample = _sample(points, ROWS_TO_FIT)
    distinct = len(np.unique(sample.round(_DECIMALS), axis=0))
    wanted = classes if classes in CLASSES_AS_CLUSTERS else None
    needed = wanted or CANDIDATES[0] + 1
    if distinct < needed:
        return ClusterModel(
            reason=f"There are no clusters: they take {needed} rows that differ in their numbers, "
            f"and there are {distinct}."
        )
    # Sums of several threads come in any order, and the same input must give the same bytes.
    with threadpool_limits(limits=1):
        centres, silhouette = _best_centres(sample, wanted, distinct)
    model = replace(model, centres=_as_tuples(centres), silhouette=silhouette)
    codes = nearest(model, columns)
    order = np.argsort(-np.bincount(codes, minlength=len(centres)), kind="stable")
    model = replace(model, centres=_as_tuples(centres[order]))
    return replace(model, clusters=assign(model, columns, labels=labels))


def assign(
    model: ClusterModel, columns: Mapping[str, Column], *, labels: Column | None = None
) -> tuple[Cluster, ...]:
    """Return what falls into each of the model's clusters.

    `columns` holds at least the model's; a missing value counts as the reference's mean.
    """
    if not model.columns:
        return ()
    points = _standardised(model, columns)
    codes = nearest(model, columns)
    return tuple(
        _cluster(model, number, points=points, members=codes == number, labels=labels)
        for number in range(len(model.centres))
    )


def nearest(model: ClusterModel, columns: Mapping[str, Column]) -> _Codes:
    """Return for each row the position of the nearest centre; empty without clusters."""
    points = _standardised(model, columns)
    if not model.centres or not len(points):
        return np.zeros(0, dtype=np.int64)
    return np.asarray(pairwise_distances_argmin(points, np.array(model.centres)), dtype=np.int64)


def _standardisation(columns: Mapping[str, Column]) -> ClusterModel:
    """Return a model without centres: the numeric columns that vary, their means and scales."""
    usable = {}
    for name, column in columns.items():
        figures = describe(column)
        rows = figures.count - figures.infinite
        if column.kind.is_number and figures.mean is not None and figures.std:
            usable[name] = (figures.mean, figures.std * ((rows - 1) / rows) ** 0.5)
    means, scales = zip(*usable.values(), strict=True) if usable else ((), ())
    return ClusterModel(columns=tuple(usable), means=means, scales=scales)


def _standardised(model: ClusterModel, columns: Mapping[str, Column]) -> _Matrix:
    rows = next((column.rows for column in columns.values()), 0)
    points = np.zeros((rows, len(model.columns)))
    settings = zip(model.columns, model.means, model.scales, strict=True)
    for position, (name, mean, scale) in enumerate(settings):
        values = columns[name].numbers
        finite = np.isfinite(values)
        with np.errstate(over="ignore"):
            standard = (values[finite] - mean) / scale
        points[finite, position] = np.clip(standard, -_FARTHEST, _FARTHEST)
    return points


def _sample(points: _Matrix, most: int) -> _Matrix:
    if len(points) <= most:
        return points
    chosen = np.random.default_rng(SEED).choice(len(points), size=most, replace=False)
    return points[np.sort(chosen)]


def _best_centres(
    sample: _Matrix, wanted: int | None, distinct: int
) -> tuple[_Matrix, float | None]:
    """Return the centres for `wanted` clusters or the best number of them, and the silhouette."""
    few = _sample(sample, ROWS_FOR_SILHOUETTE)
    between = pairwise_distances(few)
    candidates = [wanted] if wanted else [k for k in CANDIDATES if k < distinct]
    best: tuple[_Matrix, float | None] | None = None
    for k in candidates:
        centres = KMeans(k, n_init=STARTS, random_state=SEED).fit(sample).cluster_centers_
        labels = pairwise_distances_argmin(few, centres)
        is_defined = 2 <= len(np.unique(labels)) < len(few)
        score = (
            float(silhouette_score(between, labels, metric="precomputed")) if is_defined else None
        )
        if best is None or (score is not None and (best[1] is None or score > best[1])):
            best = (centres, score)
    if best is None:
        raise ValueError("There is no number of clusters to try: ask for at least two.")
    return best


def _cluster(
    model: ClusterModel,
    number: int,
    *,
    points: _Matrix,
    members: NDArray[np.bool_],
    labels: Column | None,
) -> Cluster:
    size = int(members.sum())
    share = size / len(points) if len(points) else None
    if not size:
        unknown = dict.fromkeys(model.columns)
        return Cluster(size, share, centroid={**unknown}, shift=None, radius=None, labels={})
    own = points[members]
    centre = own.mean(axis=0)
    ways = np.linalg.norm(own - centre, axis=1)
    with np.errstate(over="ignore"):
        centroid = np.array(model.means) + centre * np.array(model.scales)
    return Cluster(
        size=size,
        share=share,
        centroid=dict(zip(model.columns, (known(value) for value in centroid), strict=True)),
        shift=float(np.linalg.norm(centre - np.array(model.centres[number]))),
        radius=Radius(
            mean=float(ways.mean()), rms=float(np.sqrt(np.mean(ways**2))), max=float(ways.max())
        ),
        labels=_label_shares(labels, members) if labels else {},
    )


def _label_shares(labels: Column, members: NDArray[np.bool_]) -> dict[str, float]:
    codes = labels.codes[members]
    tally = np.bincount(codes[codes >= 0], minlength=len(labels.labels))
    total = max(int(tally.sum()), 1)
    return {
        label: int(rows) / total for label, rows in zip(labels.labels, tally, strict=True) if rows
    }


def _as_tuples(matrix: _Matrix) -> tuple[tuple[float, ...], ...]:
    return tuple(tuple(row) for row in matrix.tolist())
