"""The thresholds are the stated ones, and zero, nothing and infinity have their rules."""

import math
from dataclasses import replace

import pytest
from hypothesis import given

from drift.clusters import Cluster, ClusterModel, Radius
from drift.columns import ColumnKind
from drift.descriptors import Descriptors
from drift.evaluation import Evaluation
from drift.histograms import Histogram
from drift.tasks import Task
from drift.thresholds import (
    Comparison,
    compare,
    compare_clusters,
    compare_descriptors,
    compare_labels,
    compare_metrics,
    exceeded,
    worst_of,
)
from tests.drift.samples import ANY_FLOAT, quick

REFERENCE = Descriptors(
    kind=ColumnKind.FLOAT,
    count=100,
    missing=0,
    unreadable=0,
    infinite=0,
    distinct=90,
    mean=10.0,
    std=2.0,
    min=5.0,
    q25=8.0,
    median=0.0,
    q75=-12.0,
    max=15.0,
)


def by_name(comparisons: tuple[Comparison, ...]) -> dict[str, Comparison]:
    return {comparison.what: comparison for comparison in comparisons}


def test_an_unchanged_column_is_at_zero_percent() -> None:
    found = by_name(compare_descriptors(REFERENCE, REFERENCE))
    assert list(found) == ["mean", "std", "q25", "median", "q75", "missing"]
    assert {comparison.percent_of_threshold for comparison in found.values()} == {0.0}
    assert not any(comparison.exceeded for comparison in found.values())


@pytest.mark.parametrize(
    ("name", "value", "allowed", "percent"),
    [
        ("mean", 13.0, 2.0, 150.0),
        ("mean", 8.5, 2.0, 75.0),
        ("std", 2.3, 0.2, 150.0),
        ("q25", 7.0, 0.8, 125.0),
        ("median", 0.3, 0.2, 150.0),  # 10 % of the standard deviation, as the median is 0
        ("q75", -12.6, 1.2, 50.0),
    ],
)
def test_each_figure_has_its_own_threshold(
    name: str, value: float, allowed: float, percent: float
) -> None:
    current = replace(REFERENCE, **{name: value})
    comparison = by_name(compare_descriptors(REFERENCE, current))[name]
    assert comparison.allowed == pytest.approx(allowed)
    assert comparison.change == pytest.approx(value - getattr(REFERENCE, name))
    assert comparison.percent_of_threshold == pytest.approx(percent)
    assert comparison.exceeded is (percent > 100)


def test_a_tenth_of_the_rows_may_newly_lack_a_value() -> None:
    for missing, unreadable, beyond in [(10, 0, False), (11, 0, True), (6, 6, True)]:
        current = replace(
            REFERENCE, count=100 - missing - unreadable, missing=missing, unreadable=unreadable
        )
        comparison = by_name(compare_descriptors(REFERENCE, current))["missing"]
        assert comparison.exceeded is beyond
        assert comparison.percent_of_threshold == pytest.approx(10 * (missing + unreadable))


def test_mean_and_standard_deviation_of_a_constant_may_not_move_at_all() -> None:
    constant = replace(REFERENCE, mean=5.0, std=0.0, q25=5.0, median=5.0, q75=5.0)
    moved = by_name(compare_descriptors(constant, replace(constant, mean=5.1, std=0.3)))
    assert moved["mean"].exceeded
    assert moved["mean"].percent_of_threshold is None
    assert moved["mean"].severity == math.inf
    same = by_name(compare_descriptors(constant, constant))
    assert same["mean"].percent_of_threshold == 0.0
    assert same["q25"].percent_of_threshold == 0.0


def test_a_constant_zero_may_not_change_either() -> None:
    constant = replace(REFERENCE, mean=0.0, std=0.0, q25=0.0, median=0.0, q75=0.0)
    moved = by_name(compare_descriptors(constant, replace(constant, median=1e-9)))
    assert moved["median"].exceeded


def test_quartiles_of_dates_are_not_compared() -> None:
    dates = replace(REFERENCE, kind=ColumnKind.DATE)
    assert list(by_name(compare_descriptors(dates, dates))) == ["mean", "std", "missing"]


def test_what_is_unknown_is_not_compared_and_not_exceeded() -> None:
    comparison = compare("mean", 1.0, None, allowed=1.0)
    assert comparison == Comparison("mean", 1.0, None, None, 1.0, None, exceeded=False)
    assert comparison.severity < 0


@quick
@given(ANY_FLOAT, ANY_FLOAT, ANY_FLOAT)
def test_no_comparison_holds_nan_or_infinity(a: float, b: float, c: float) -> None:
    reference, current = (value if math.isfinite(value) else None for value in (a, b))
    comparison = compare("x", reference, current, allowed=abs(c) if math.isfinite(c) else None)
    for value in (comparison.change, comparison.percent_of_threshold):
        assert value is None or math.isfinite(value)
    if reference is not None and reference == current:
        assert not comparison.exceeded


def test_a_tenth_of_the_rows_may_have_other_labels() -> None:
    then = Histogram(under=0, counts=(60, 40), over=0, other=0, missing=50)
    (slight,) = compare_labels(then, Histogram(0, (6, 3), 0, 1, missing=0))
    assert slight.current == pytest.approx(0.1)
    assert slight.percent_of_threshold == pytest.approx(100)
    (strong,) = compare_labels(then, Histogram(0, (3, 7), 0, 0, missing=0))
    assert strong.percent_of_threshold == pytest.approx(300)
    assert strong.exceeded
    assert compare_labels(then, Histogram(0, (0, 0), 0, 0, missing=9)) == ()


def a_cluster(size: int, share: float, x: float, rms: float) -> Cluster:
    return Cluster(size, share, {"x": x}, 0.0, Radius(rms * 0.9, rms, rms * 3), {})


def test_clusters_may_move_by_a_tenth_of_share_radius_and_centroid() -> None:
    model = ClusterModel(
        columns=("x",),
        means=(1.0,),
        scales=(4.0,),
        centres=((0.0,), (1.0,)),
        clusters=(a_cluster(60, 0.6, 10.0, 2.0), a_cluster(40, 0.4, 0.0, 1.0)),
    )
    first, second = compare_clusters(
        model, [a_cluster(69, 0.69, 10.5, 2.1), a_cluster(31, 0.31, 0.8, 1.0)]
    )
    found = by_name(first)
    assert found["share"].percent_of_threshold == pytest.approx(150)
    assert found["radius"].percent_of_threshold == pytest.approx(50)
    assert found["centroid of x"].percent_of_threshold == pytest.approx(50)
    # The reference coordinate is 0: a tenth of the column's standard deviation counts.
    assert by_name(second)["centroid of x"].percent_of_threshold == pytest.approx(200)


def test_an_empty_cluster_has_only_its_share_to_compare() -> None:
    model = ClusterModel(("x",), (0.0,), (1.0,), ((0.0,),), (a_cluster(5, 1.0, 1.0, 1.0),))
    empty = Cluster(0, 0.0, {"x": None}, None, None, {})
    (found,) = compare_clusters(model, [empty])
    assert [one.what for one in exceeded(found)] == ["share"]


def evaluation(**values: float | None) -> Evaluation:
    return Evaluation(Task.BINARY, 10, values, {})


def test_only_a_loss_of_a_metric_counts() -> None:
    then = evaluation(accuracy=0.8, log_loss=0.5, f1_macro=0.0, hamming_loss=0.0, roc_auc=None)
    now = evaluation(accuracy=0.7, log_loss=0.4, f1_macro=0.5, hamming_loss=0.1, roc_auc=0.5)
    found = by_name(compare_metrics(then, now))
    assert found["accuracy"].percent_of_threshold == pytest.approx(125)
    assert found["accuracy"].exceeded
    assert found["log_loss"].percent_of_threshold == 0.0
    assert found["log_loss"].change == pytest.approx(-0.1)
    assert not found["f1_macro"].exceeded
    assert found["hamming_loss"].exceeded
    assert found["hamming_loss"].percent_of_threshold is None
    assert found["roc_auc"].change is None


def test_a_negative_metric_may_lose_a_tenth_of_its_size() -> None:
    found = compare_metrics(evaluation(r2=-1.0), evaluation(r2=-1.2))
    assert found[0].percent_of_threshold == pytest.approx(200)


def test_the_worst_comes_first_and_a_broken_constant_before_all() -> None:
    parts = [
        compare("a", 0.0, 1.5, allowed=1.0),
        compare("b", 0.0, 9.0, allowed=1.0),
        compare("c", 0.0, 0.5, allowed=1.0),
        compare("d", 0.0, 1e-9, allowed=0.0),
    ]
    assert [one.what for one in exceeded(parts)] == ["d", "b", "a"]
    worst = worst_of(parts)
    assert worst is not None
    assert worst.what == "d"
    assert worst_of([]) is None
