"""Both reports say what pandas and scikit-learn say, survive anything, and store as JSON."""

import functools
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drift.columns import ColumnKind
from drift.descriptors import describe
from drift.reports import DegradationReport, InitialReport, degradation_report, initial_report
from drift.tasks import Task
from drift.times import Period
from tests.drift.samples import INPUTS, a_column, a_frame, odd_frames, quick, some_times

ROOT = Path(__file__).parents[2]


def guess(frame: pd.DataFrame) -> np.ndarray:
    """Stand in for a model: right for tall rows, wrong for some others."""
    return np.where(frame["width"] > 10, "yes", "no")


def chance(frame: pd.DataFrame) -> np.ndarray:
    return 1 / (1 + np.exp(10 - frame["width"].to_numpy()))


@functools.cache
def the_initial() -> InitialReport:
    frame = a_frame()
    return initial_report(
        frame=frame,
        inputs=INPUTS,
        target="y",
        task=Task.BINARY,
        predictions=guess(frame),
        scores=chance(frame),
        labels=["no", "yes"],
    )


def the_degradation(**more: object) -> DegradationReport:
    frame = a_frame(shift=3)
    arguments: dict[str, Any] = {
        "initial": the_initial(),
        "window": frame[INPUTS],
        "times": some_times(len(frame)),
        "predictions": guess(frame),
        "truths": frame["y"],
        "scores": chance(frame),
    }
    return degradation_report(**(arguments | more))


def as_bytes(report: InitialReport | DegradationReport) -> bytes:
    return json.dumps(report.to_json(), allow_nan=False).encode()


def test_the_initial_report_describes_every_input_and_the_target() -> None:
    frame, report = a_frame(), the_initial()
    assert list(report.columns) == [*INPUTS, "y"]
    assert {name: str(column.kind) for name, column in report.columns.items()} == {
        "width": "float",
        "height": "float",
        "rooms": "integer",
        "is_new": "boolean",
        "town": "category",
        "remark": "category" if frame["remark"].nunique() <= 10 else "text",
        "built": "date",
        "same": "integer",
        "y": "category",
    }
    for name, column in report.columns.items():
        assert column.measure.descriptors == describe(a_column(frame[name], column.kind))
        assert column.measure.histogram.rows == len(frame)
    assert report.rows == len(frame)
    assert report.classes == ("no", "yes")
    assert report.metrics is not None
    assert report.metrics.values["accuracy"] == (guess(frame) == frame["y"]).mean()
    assert report.metrics.values["roc_auc"] is not None
    assert report.prediction is not None
    assert report.cluster_labels == "predictions"
    assert len(report.clusters.clusters) == 2
    assert report.correlation.columns == ("width", "height", "rooms", "same")
    assert report.notes == ("same: the column has only one value in the baseline.",)


def test_a_baseline_without_predictions_has_no_metrics_and_says_so() -> None:
    report = initial_report(frame=a_frame(), inputs=INPUTS, target="y", task=Task.BINARY)
    assert report.metrics is None
    assert report.prediction is None
    assert report.cluster_labels == "truths"
    assert "There are no base metrics: they take a target and predictions." in report.notes


def test_a_regressors_clusters_have_no_labels() -> None:
    frame = a_frame()
    report = initial_report(
        frame=frame,
        inputs=["height", "rooms"],
        target="width",
        task=Task.REGRESSION,
        predictions=frame["width"] + 1,
    )
    assert report.classes == ()
    assert report.cluster_labels is None
    assert report.metrics is not None
    assert report.metrics.values["mae"] == pytest.approx(1.0)
    assert report.correlation.columns == ("height", "rooms", "width")
    assert {len(cluster.labels) for cluster in report.clusters.clusters} == {0}


def test_columns_that_the_baseline_lacks_are_noted_and_described_as_missing() -> None:
    report = initial_report(
        frame=a_frame()[["width"]], inputs=["width", "depth"], target="z", task=Task.BINARY
    )
    assert report.columns["depth"].kind is ColumnKind.EMPTY
    assert report.notes[:2] == (
        "depth: the column is not in the data set of the baseline.",
        "z: the column is not in the data set of the baseline.",
    )


def test_the_degradation_report_compares_columns_answers_clusters_and_metrics() -> None:
    report = the_degradation()
    assert report.headline.startswith("1 of 8 columns changed; accuracy fell from 0.")
    assert [change.changed for change in report.columns] == [True] + [False] * 7
    assert report.columns[0].name == "width"
    assert {change.name for change in report.columns} == set(INPUTS)
    assert report.findings[0].startswith("width: the lower quartile went from 8.")
    assert report.prediction is not None
    assert report.prediction.changed
    assert any(finding.startswith("predictions: ") for finding in report.findings)
    assert report.metrics is not None
    assert report.metrics.changed
    assert any(change.changed for change in report.clusters)
    assert report.notes == ()
    assert (report.start, report.end) == (
        "2025-03-28T00:00:00.000+00:00",
        "2025-04-05T07:00:00.000+00:00",
    )
    assert report.evolution.period is Period.DAY
    assert len(report.evolution.starts) == 9
    assert sum(report.evolution.rows) == report.rows == 200
    assert len(report.columns[0].distances) == 7


def test_the_baseline_against_itself_has_no_findings() -> None:
    frame = a_frame()
    report = the_degradation(
        window=frame[INPUTS],
        predictions=guess(frame),
        truths=frame["y"],
        scores=chance(frame),
    )
    assert report.findings == ()
    assert report.headline.startswith("None of 8 columns changed; accuracy stayed at 0.")
    assert {change.worst_percent for change in report.columns} == {0.0}
    assert [change.reference for change in report.clusters] == [
        change.current for change in report.clusters
    ]


def test_late_truths_are_compared_on_the_rows_that_have_one() -> None:
    frame = a_frame()
    truths = frame["y"].where(frame.index < 150)
    report = the_degradation(window=frame[INPUTS], predictions=guess(frame), truths=truths)
    assert report.target is not None
    assert report.target.current.descriptors.rows == 150
    assert report.metrics is not None
    assert report.metrics.current.rows == 150
    assert sum(report.evolution.labelled) == 150
    assert "True values are known for 150 of 200 rows; metrics stand on them." in report.notes


def test_a_window_with_other_columns_and_values_is_still_compared() -> None:
    window = a_frame(seed=9)[INPUTS].drop(columns=["width", "built"]).assign(extra=1)
    window["town"] = window["town"].astype(object)
    window.loc[:19, "town"] = "Zug"
    window["rooms"] = window["rooms"].astype(object)
    window.loc[:4, "rooms"] = "many"
    report = the_degradation(window=window, predictions=None, truths=None, scores=None)
    assert report.findings[:2] == (
        "width: the column is not in this window.",
        "built: the column is not in this window.",
    )
    assert "town: 20 rows hold labels the baseline never had: Zug (20)." in report.findings
    assert any(
        finding.startswith("rooms: 5 values are not of the b") for finding in report.findings
    )
    assert "extra: the column is not in the baseline, so it is not compared." in report.notes
    assert {change.name for change in report.columns if change.changed} >= {"width", "built"}
    assert len(report.columns) == len(INPUTS)
    assert report.metrics is None


@pytest.mark.parametrize("window", [pd.DataFrame(), a_frame()[INPUTS].iloc[:0]])
def test_an_empty_window_gives_an_empty_report(window: pd.DataFrame) -> None:
    report = degradation_report(
        initial=the_initial(), window=window, times=[], predictions=[], truths=[]
    )
    assert report.headline == "No rows in this window"
    assert report.findings == ()
    assert report.notes == ("There are no rows in this window.",)
    assert report.rows == 0
    assert report.evolution.starts == ()
    assert len(report.columns) == len(INPUTS)
    assert DegradationReport.from_json(json.loads(as_bytes(report))) == report


def test_answers_must_be_as_many_as_rows() -> None:
    with pytest.raises(ValueError, match="3 answers or times for 200 rows"):
        the_degradation(predictions=["yes", "no", "no"])


def test_times_in_any_zone_fall_into_utc_days() -> None:
    times = some_times(200).dt.tz_convert("Pacific/Auckland")
    assert the_degradation(times=times) == the_degradation()


def test_true_and_false_meet_one_and_zero() -> None:
    frame = a_frame()
    numbers = (guess(frame) == "yes").astype(int)
    initial = initial_report(
        frame=frame.assign(y=frame["y"] == "yes"),
        inputs=INPUTS,
        target="y",
        task=Task.BINARY,
        predictions=numbers,
    )
    assert initial.classes == ("0", "1")
    assert initial.columns["y"].bins.labels == ("0", "1")
    report = the_degradation(
        initial=initial,
        window=frame[INPUTS],
        predictions=numbers.astype(bool),
        truths=frame["y"] == "yes",
    )
    assert report.findings == ()


@pytest.mark.parametrize("make", [the_initial, the_degradation])
def test_reports_come_back_from_their_json_unchanged(
    make: Callable[[], InitialReport | DegradationReport],
) -> None:
    report = make()
    plain = json.loads(as_bytes(report))
    assert plain == report.to_json()
    assert type(report).from_json(plain) == report


def test_a_stranger_is_not_taken_for_a_report() -> None:
    with pytest.raises(msgspec.ValidationError, match="rows"):
        InitialReport.from_json({"task": "binary"})


@pytest.mark.live
def test_the_same_input_gives_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from tests.drift.test_reports import *; "
        "print(hashlib.sha256(as_bytes(the_initial()) + as_bytes(the_degradation())).hexdigest())"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": "1", "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = hashlib.sha256(as_bytes(the_initial()) + as_bytes(the_degradation())).hexdigest()
    assert ran.stdout.strip() == here


def test_the_order_of_the_rows_does_not_matter_to_what_is_described() -> None:
    frame = a_frame()
    shuffled = frame.sample(frac=1, random_state=3)
    for one, other in zip(frame, shuffled, strict=True):
        assert describe(a_column(frame[one])) == describe(a_column(shuffled[other]))


@quick
@given(odd_frames(), odd_frames(), st.sampled_from(["binary", "multiclass", "regression"]))
def test_odd_columns_never_break_a_report(
    baseline: pd.DataFrame, window: pd.DataFrame, task: str
) -> None:
    initial = initial_report(
        frame=baseline,
        inputs=["a", "b"],
        target="c",
        task=Task(task),
        predictions=baseline["c"][::-1],
    )
    report = degradation_report(
        initial=initial,
        window=window[["a", "b"]],
        times=some_times(len(window)),
        predictions=window["c"],
        truths=window["c"][::-1],
        period=Period.HOUR,
    )
    assert InitialReport.from_json(json.loads(as_bytes(initial))) == initial
    assert DegradationReport.from_json(json.loads(as_bytes(report))) == report
    assert len(report.columns) == 2
    assert sum(report.evolution.rows) == len(window)
