"""Clusters are scikit-learn's on standardised columns; windows are held against them unchanged."""

import re
from dataclasses import asdict

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import StandardScaler

from drift.clusters import SEED, STARTS, ClusterModel, assign, fit_clusters, nearest
from drift.columns import Column, ColumnKind
from tests.drift.samples import a_column, odd_frames, quick

CENTRES = [[0, 0, 100], [10, 0, 300], [0, 10, 200]]


def blobs(rows: int = 300, seed: int = 8) -> tuple[pd.DataFrame, np.ndarray]:
    points, owners = make_blobs(
        [rows // 2, rows // 3, rows // 6], centers=np.array(CENTRES), random_state=seed
    )
    return pd.DataFrame(points, columns=["x", "y", "z"]), owners


def read(frame: pd.DataFrame) -> dict[str, Column]:
    return {name: a_column(frame[name]) for name in frame}


def test_clusters_are_those_of_scikit_learn() -> None:
    frame, owners = blobs()
    model = fit_clusters(read(frame), classes=3, labels=a_column(owners, ColumnKind.CATEGORY))
    scaled = StandardScaler().fit_transform(frame)
    theirs = KMeans(3, n_init=STARTS, random_state=SEED).fit(scaled)
    codes = nearest(model, read(frame))
    assert adjusted_rand_score(theirs.labels_, codes) == 1.0
    assert model.silhouette == pytest.approx(silhouette_score(scaled, theirs.labels_))
    for number, cluster in enumerate(model.clusters):
        members = frame[codes == number]
        own = scaled[codes == number]
        ways = np.sqrt(((own - own.mean(axis=0)) ** 2).sum(axis=1))
        assert cluster.size == len(members)
        assert cluster.share == len(members) / len(frame)
        assert cluster.centroid == pytest.approx(members.mean().to_dict())
        assert cluster.radius is not None
        assert asdict(cluster.radius) == pytest.approx(
            {"mean": ways.mean(), "rms": np.sqrt((ways**2).mean()), "max": ways.max()}
        )
        assert cluster.shift == pytest.approx(0, abs=1e-9)
        assert cluster.labels == {str(owners[codes == number][0]): 1.0}


def test_clusters_are_numbered_by_size() -> None:
    frame, _ = blobs()
    sizes = [cluster.size for cluster in fit_clusters(read(frame), classes=3).clusters]
    assert sizes == [150, 100, 50]


@pytest.mark.parametrize("classes", [None, 1, 21])
def test_without_a_usable_number_of_classes_the_best_silhouette_decides(
    classes: int | None,
) -> None:
    frame, _ = blobs()
    assert len(fit_clusters(read(frame), classes=classes).clusters) == 3


def test_the_same_rows_give_the_same_model() -> None:
    frame, _ = blobs()
    assert fit_clusters(read(frame)) == fit_clusters(read(frame))


def test_a_window_goes_to_the_nearest_centre_and_keeps_its_own_centroid() -> None:
    frame, _ = blobs()
    model = fit_clusters(read(frame), classes=3)
    window = frame[nearest(model, read(frame)) == 1] + [1.0, 0.0, 0.0]
    found = assign(model, read(window))
    assert [cluster.size for cluster in found] == [0, 100, 0]
    assert found[1].share == 1.0
    assert found[1].centroid == pytest.approx(window.mean().to_dict())
    assert found[1].shift == pytest.approx(1.0 / frame["x"].std(ddof=0))
    before = model.clusters[1].radius
    assert before is not None
    assert found[1].radius is not None
    assert asdict(found[1].radius) == pytest.approx(asdict(before))
    assert found[0].centroid == {"x": None, "y": None, "z": None}
    assert found[0].radius is None


def test_missing_and_infinite_values_take_the_mean_of_the_reference() -> None:
    frame, _ = blobs()
    model = fit_clusters(read(frame), classes=3)
    holes = pd.DataFrame({"x": [np.nan, np.inf], "y": [10.0, 10.0], "z": [200.0, None]})
    filled = pd.DataFrame(
        {"x": [frame["x"].mean()] * 2, "y": [10.0, 10.0], "z": [200.0, frame["z"].mean()]}
    )
    assert nearest(model, read(holes)).tolist() == nearest(model, read(filled)).tolist()


def test_label_shares_leave_out_rows_without_a_label() -> None:
    frame, _ = blobs()
    model = fit_clusters(read(frame), classes=3)
    labels = a_column((["a", "b", "b", None] * 100)[:300], ColumnKind.CATEGORY)
    shares = [cluster.labels for cluster in assign(model, read(frame), labels=labels)]
    assert all(sum(share.values()) == pytest.approx(1.0) for share in shares)


def test_large_baselines_are_fitted_on_a_sample_and_counted_in_full() -> None:
    frame, _ = blobs(24_000)
    model = fit_clusters(read(frame), classes=3)
    assert [cluster.size for cluster in model.clusters] == [12_000, 8_000, 4_000]


@pytest.mark.parametrize(
    ("frame", "classes", "reason"),
    [
        (pd.DataFrame({"a": ["x", "y"]}), 2, "no input is a number that varies"),
        (pd.DataFrame({"a": [1.0, 1.0]}), 2, "no input is a number that varies"),
        (pd.DataFrame({"a": [1.0]}), 2, "no input is a number that varies"),
        (pd.DataFrame(), 2, "no input is a number that varies"),
        (pd.DataFrame({"a": [1.0, 2.0, 2.0]}), 3, "they take 3 rows .* and there are 2"),
        (pd.DataFrame({"a": [1.0, 2.0, 2.0]}), None, "they take 3 rows .* and there are 2"),
    ],
)
def test_a_sentence_says_why_there_are_no_clusters(
    frame: pd.DataFrame, classes: int | None, reason: str
) -> None:
    model = fit_clusters(read(frame), classes=classes)
    assert model.reason is not None
    assert re.search(reason, model.reason)
    assert model.clusters == ()
    assert assign(model, read(frame)) == ()


def test_constant_columns_do_not_take_part() -> None:
    frame, _ = blobs()
    with_constant = fit_clusters(read(frame.assign(same=4.0)), classes=3)
    assert with_constant == fit_clusters(read(frame), classes=3)


@quick
@given(odd_frames(), odd_frames(), st.sampled_from([None, 2]))
def test_odd_columns_never_break_clusters(
    baseline: pd.DataFrame, window: pd.DataFrame, classes: int | None
) -> None:
    model = fit_clusters(read(baseline), classes=classes)
    assert isinstance(model, ClusterModel)
    columns = {name: a_column(window[name], a_column(baseline[name]).kind) for name in window}
    assert sum(cluster.size for cluster in assign(model, columns)) in (0, len(window))
