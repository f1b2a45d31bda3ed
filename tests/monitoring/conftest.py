"""What tests of monitoring share: a deployment that drifts, and a worker for those who wait."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from django.db.models import Model

from core import timerange
from core.jobs import waiting
from deployments.models import Deployment, ModelServer, Release
from gateway.models import Prediction, Truth
from monitoring import selectors
from monitoring.models import Alarm, Baseline, Check, MetricRecord
from monitoring.services.baselines import build_baseline
from monitoring.services.checks import run_check
from registry.models import ModelVersion, RegisteredModel, UploadedDataset
from tests.monitoring import world

ROWS = (
    *(RegisteredModel, ModelVersion, UploadedDataset, Deployment, Release, ModelServer),
    *(Prediction, Truth, Baseline, Check, MetricRecord, Alarm),
)
_made: list[tuple[type[Model], list[Model]]] = []

KINDS = ["width", "height", "town", "is_new", "remark", "built", "same", "empty"]


@dataclass(frozen=True)
class Drifting:
    """A deployment with columns of every kind, of which some changed, and its check."""

    deployment: Deployment
    check: Check
    model: world.FakeModel
    training: pd.DataFrame
    production: pd.DataFrame


def houses(rows: int, *, seed: int, shift: float = 0.0) -> pd.DataFrame:
    """Return rows with a column of every kind, and whether each is sold."""
    random = np.random.default_rng(seed)
    width = random.normal(10 + shift, 2, rows)
    built = pd.Timestamp("2020-01-01", tz="UTC") + pd.to_timedelta(random.random(rows) * 900, "D")
    return pd.DataFrame(
        {
            "width": width,
            "height": np.where(random.random(rows) < 0.1, np.nan, random.normal(0, 1, rows)),
            "town": random.choice(["Bern", "Chur", "=cmd()"], rows, p=[0.5, 0.3, 0.2]),
            "is_new": random.random(rows) < 0.3,
            "remark": [f"row {n} " * int(n) for n in random.integers(0, 9, rows)],
            "built": [moment.isoformat() for moment in built],
            "same": 5.0,
            "empty": [None] * rows,
            "sold": np.where(width > 10, "yes", "no"),
        }
    )


@pytest.fixture
def drifting(db: None, monkeypatch: pytest.MonkeyPatch) -> Drifting:
    """Return houses that became wider, with one new town and another constant.

    What the services made of them is computed once per session and written again for each test.
    """
    training, production = houses(200, seed=1), houses(90, seed=2, shift=3)
    production.loc[:20, "town"] = "Genf <b>"
    production["same"] = 6.0
    model = world.install(monkeypatch, sold)
    if not _made:
        make(training, production)
        _made.extend((kind, list(kind.objects.all())) for kind in ROWS)
    else:
        for kind, rows in _made:
            kind.objects.bulk_create(rows)
    check = selectors.check(Check.objects.get().pk)
    return Drifting(check.deployment, check, model, training, production)


def make(training: pd.DataFrame, production: pd.DataFrame) -> None:
    """Let the houses be deployed, asked about, and checked."""
    inputs = [{"name": name, "type": "string"} for name in KINDS]
    version = world.a_watched_version(name="houses", frame=training, inputs=inputs)
    deployment = world.a_watched_deployment(name="houses")
    build_baseline(version)
    truths = [value if place % 3 else None for place, value in enumerate(production["sold"])]
    world.answered(deployment, production[KINDS], sold(production), truths=truths)
    run_check(deployment=deployment, span=timerange.named("week"))


def sold(frame: pd.DataFrame) -> list[str]:
    """Predict which houses are sold, not quite as they are."""
    return ["yes" if width > 10.5 else "no" for width in frame["width"]]


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch, run_jobs: Callable[..., object]) -> None:
    """Let jobs run whenever somebody waits for one."""
    monkeypatch.setattr(waiting.time, "sleep", lambda _: run_jobs())


@pytest.fixture
def without_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the pictures of zip files, which take most of their time."""
    monkeypatch.setattr("monitoring.pictures.of_initial", lambda *_: iter(()))
    monkeypatch.setattr("monitoring.pictures.of_degradation", lambda *_: iter(()))
