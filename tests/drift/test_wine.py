"""Wine: a forest trained on mostly bad wine, watched while it is fed mostly good wine."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score, roc_auc_score
from sklearn.model_selection import train_test_split

from drift.reports import DegradationReport, InitialReport, degradation_report, initial_report
from drift.tasks import Task
from tests.drift.samples import some_times

WINE = Path("/work/shared/data/WineQT.csv")
pytestmark = pytest.mark.skipif(not WINE.exists(), reason="the wine data is not on this machine")


class Wine:
    """The split, the model and both reports, made once."""

    def __init__(self) -> None:
        wine = pd.read_csv(WINE).drop(columns="Id")
        wine["quality"] = np.where(wine["quality"] > 5, "good", "bad")
        self.inputs = [name for name in wine if name != "quality"]
        mostly_good, few_good = train_test_split(
            wine[wine["quality"] == "good"], test_size=0.25, random_state=42
        )
        mostly_bad, few_bad = train_test_split(
            wine[wine["quality"] == "bad"], test_size=0.25, random_state=42
        )
        training = pd.concat([mostly_bad, few_good])
        fit, self.held_out = train_test_split(training, test_size=0.25, random_state=42)
        self.production = pd.concat([mostly_good, few_bad])
        self.model = RandomForestClassifier(40, random_state=42)
        self.model.fit(fit[self.inputs], fit["quality"])
        self.initial = initial_report(
            frame=self.held_out,
            inputs=self.inputs,
            target="quality",
            task=Task.BINARY,
            predictions=self.model.predict(self.held_out[self.inputs]),
            scores=self.model.predict_proba(self.held_out[self.inputs]),
            labels=list(self.model.classes_),
        )

    def report(self, rows: pd.DataFrame) -> DegradationReport:
        return degradation_report(
            initial=self.initial,
            window=rows[self.inputs],
            times=some_times(len(rows), every="20min"),
            predictions=self.model.predict(rows[self.inputs]),
            truths=rows["quality"],
            scores=self.model.predict_proba(rows[self.inputs]),
        )


@pytest.fixture(scope="module")
def wine() -> Wine:
    return Wine()


def test_the_baseline_has_the_figures_of_pandas(wine: Wine) -> None:
    expected = wine.held_out[wine.inputs].describe()
    renamed = {"25%": "q25", "50%": "median", "75%": "q75"}
    for name in wine.inputs:
        figures = wine.initial.columns[name].measure.descriptors
        for row, value in expected[name].items():
            assert getattr(figures, renamed.get(row, row)) == pytest.approx(value, rel=1e-12)
    matrix = wine.held_out[wine.inputs].corr().to_numpy()
    assert np.array(wine.initial.correlation.matrix, dtype=float) == pytest.approx(matrix)


def test_the_metrics_are_those_of_scikit_learn(wine: Wine) -> None:
    report = wine.report(wine.production)
    assert report.metrics is not None
    for rows, found in (
        (wine.held_out, report.metrics.reference),
        (wine.production, report.metrics.current),
    ):
        assert found is not None
        assert found.confusion is not None
        truths, guesses = rows["quality"], wine.model.predict(rows[wine.inputs])
        scores = wine.model.predict_proba(rows[wine.inputs])[:, 1]
        assert found.values["accuracy"] == pytest.approx(accuracy_score(truths, guesses))
        assert found.values["f1_weighted"] == pytest.approx(
            f1_score(truths, guesses, average="weighted")
        )
        assert found.values["roc_auc"] == pytest.approx(roc_auc_score(truths == "good", scores))
        assert found.confusion.labels == ("bad", "good")
        assert np.array(found.confusion.counts).tolist() == (
            confusion_matrix(truths, guesses).tolist()
        )


def test_the_changed_columns_are_those_of_the_rules_in_pandas(wine: Wine) -> None:
    then, now = wine.held_out[wine.inputs], wine.production[wine.inputs]
    percents = pd.DataFrame({"mean": 100 * (now.mean() - then.mean()).abs() / then.std()})
    percents["std"] = 1000 * (now.std() / then.std() - 1).abs()
    for name, share in (("q25", 0.25), ("median", 0.5), ("q75", 0.75)):
        before = then.quantile(share)
        allowed = (0.1 * before.abs()).where(before != 0, 0.1 * then.std())
        percents[name] = 100 * (now.quantile(share) - before).abs() / allowed
    report = wine.report(wine.production)
    for change in report.columns:
        found = {one.what: one.percent_of_threshold for one in change.comparisons}
        assert found.pop("missing") == 0.0
        assert found == pytest.approx(percents.loc[change.name].to_dict(), abs=1e-6)
    expected = percents.max(axis=1).sort_values(ascending=False)
    assert [change.name for change in report.columns] == expected.index.tolist()
    changed = int((expected > 100).sum())
    assert 3 <= changed < 11
    assert report.headline.startswith(f"{changed} of 11 columns changed; accuracy fell from 0.")


def test_binned_distances_are_near_those_on_the_rows(wine: Wine) -> None:
    for change in wine.report(wine.production).columns:
        then, now = wine.held_out[change.name], wine.production[change.name]
        found = {distance.name: distance.value for distance in change.distances}
        largest_bin = max(change.reference.histogram.counts) / len(then)
        exact = stats.ks_2samp(then, now).statistic
        assert exact - largest_bin <= (found["ks"] or 0.0) <= exact + 1e-12
        way = stats.wasserstein_distance(then, now) / then.std()
        assert found["wasserstein"] == pytest.approx(way, abs=0.12)


def test_good_wine_makes_a_model_of_bad_wine_worse(wine: Wine) -> None:
    report = wine.report(wine.production)
    assert report.metrics is not None
    assert report.metrics.changed
    assert report.prediction is not None
    assert report.target is not None
    assert report.target.changed
    days = report.evolution.metrics["accuracy"]
    assert len(days) == len(report.evolution.starts) == 9
    assert sum(report.evolution.labelled) == len(wine.production)


def test_cut_decimals_change_more_columns_than_good_wine_does(wine: Wine) -> None:
    cut = wine.production.copy()
    cut[wine.inputs] = cut[wine.inputs].astype(int)
    report = wine.report(cut)
    changed = {change.name for change in report.columns if change.changed}
    assert {"density", "pH", "chlorides", "sulphates", "citric acid"} <= changed
    assert report.columns[0].name == "density"


def test_both_reports_are_stored_and_read_unchanged(wine: Wine) -> None:
    report = wine.report(wine.production)
    for one in (wine.initial, report):
        text = json.dumps(one.to_json(), allow_nan=False)
        assert type(one).from_json(json.loads(text)) == one
    assert isinstance(wine.initial, InitialReport)
