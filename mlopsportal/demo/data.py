"""The demo's data: scikit-learn's breast-cancer set, split so that production differs.

Training holds three quarters of the malignant and one quarter of the benign cases; production the
rest, so the mix of the classes is turned round, as after a change of clinic.
"""

from dataclasses import dataclass
from typing import Final

import pandas as pd
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

TARGET: Final = "benign"
SEED: Final = 42
_COLUMNS: Final = 10
"""The means of the ten measurements: enough to tell the classes apart, few enough to look at."""


@dataclass(frozen=True, slots=True)
class DemoData:
    """Frames of ten features and the target `benign` (1 or 0)."""

    training: pd.DataFrame
    held_out: pd.DataFrame
    production: pd.DataFrame


def demo_data() -> DemoData:
    """Return the three frames; the same ones each time."""
    bunch = load_breast_cancer(as_frame=True)
    frame = bunch.data.iloc[:, :_COLUMNS].copy()
    frame[TARGET] = bunch.target
    malignant, benign = frame[frame[TARGET] == 0], frame[frame[TARGET] == 1]
    many, few = train_test_split(malignant, test_size=0.25, random_state=SEED)
    rest, some = train_test_split(benign, test_size=0.25, random_state=SEED)
    mixed = pd.concat([many, some])
    training, held_out = train_test_split(
        mixed, test_size=0.3, random_state=SEED, stratify=mixed[TARGET]
    )
    return DemoData(
        training=training.reset_index(drop=True),
        held_out=held_out.reset_index(drop=True),
        production=pd.concat([few, rest]).sample(frac=1, random_state=SEED).reset_index(drop=True),
    )
