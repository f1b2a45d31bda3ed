"""The wine data of the tests, split and trained as its README describes."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

FILE = Path(__file__).resolve().parents[3] / "shared" / "data" / "WineQT.csv"
TARGET = "good"


@dataclass(frozen=True)
class Wine:
    """Training rows (75 % of the bad, 25 % of the good wines) and the other split."""

    training: pd.DataFrame
    production: pd.DataFrame

    @property
    def inputs(self) -> list[str]:
        return [column for column in self.training if column != TARGET]


def wine() -> Wine:
    """Return the two splits, or skip where the data is not at hand."""
    if not FILE.is_file():
        pytest.skip(f"{FILE.name} is not beside the project")
    frame = pd.read_csv(FILE).drop(columns="Id")
    frame[TARGET] = (frame.pop("quality") > 5).astype("int64")
    bad, good = frame[frame[TARGET] == 0], frame[frame[TARGET] == 1]
    bad_many, bad_few = train_test_split(bad, test_size=0.25, random_state=42)
    good_many, good_few = train_test_split(good, test_size=0.25, random_state=42)
    return Wine(
        training=pd.concat([bad_many, good_few]).reset_index(drop=True),
        production=pd.concat([bad_few, good_many]).reset_index(drop=True),
    )


def forest(data: Wine, *, trees: int = 100) -> RandomForestClassifier:
    """Return the forest, trained."""
    model = RandomForestClassifier(n_estimators=trees, random_state=42)
    return model.fit(data.training[data.inputs], data.training[TARGET])
