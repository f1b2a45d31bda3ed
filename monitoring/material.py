"""What a baseline is made of: a training set with the model's answers, or production rows."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.errors import NotFoundError
from deployments.models import Deployment
from drift.reports import InitialReport
from gateway.stores.protocol import Query
from monitoring.columns import roles_of
from monitoring.describing import Rows, describe_logged, describe_rows
from monitoring.errors import ModelNotLive, ModelRefused, NoBaseline
from monitoring.frames import Logged, read_first
from monitoring.live import ask_frame
from monitoring.models import Baseline
from monitoring.origins import source_of, target_tag
from monitoring.rules import ASKED_ROWS, PRODUCTION_ROWS
from registry.dataset import load_dataset
from registry.models import ModelVersion

SEED = 20_240_229


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """A described data set: where it came from, its rows, and sentences about what is amiss.

    `asked_model` is False when the model was not live, so that there are no answers of it.
    """

    source: str
    label: str
    frame: pd.DataFrame
    report: InitialReport
    problems: tuple[str, ...] = ()
    asked_model: bool = True


def gather(version: ModelVersion) -> Material:
    """Return what the baseline of a version is made of.

    Raises:
        NoBaseline: there is neither a training set nor enough production rows.
        InvalidError: the training set is no readable table, or has none of the inputs.
        UnavailableError: MLflow does not answer.
    """
    try:
        frame, label = load_dataset(version)
    except NotFoundError as error:
        return _from_production(version, error)
    frame = frame.loc[:, ~frame.columns.duplicated()]
    roles = roles_of(version, list(frame.columns))
    names = [*roles.inputs, *([roles.target] if roles.target else [])]
    # A tag may make an input the target, too; each column is kept once.
    rows = Rows(frame[list(dict.fromkeys(names))], roles.inputs, roles.target)
    problems = roles.notes
    asked_model = True
    try:
        rows = _asked(version, rows)
    except ModelNotLive:
        asked_model = False
        problems += ("The model was not live when this was built, so there are no base metrics.",)
    except ModelRefused as error:
        problems += (error.message,)
    return Material(
        source=source_of(version),
        label=label,
        frame=rows.frame,
        report=_noted(describe_rows(rows), problems),
        problems=problems,
        asked_model=asked_model,
    )


def _asked(version: ModelVersion, rows: Rows) -> Rows:
    """Return the rows with what the live model answers, for a sample of very many rows."""
    count = len(rows.frame)
    chosen = np.arange(count)
    if count > ASKED_ROWS:
        sample = np.random.default_rng(SEED).choice(count, size=ASKED_ROWS, replace=False)
        chosen = np.sort(sample)
    answers = ask_frame(version, rows.frame[list(rows.inputs)].iloc[chosen])
    outputs: list[object] = [None] * count
    for place, answer in zip(chosen.tolist(), answers, strict=True):
        outputs[place] = answer
    return replace(rows, outputs=outputs)


def _from_production(version: ModelVersion, missing: NotFoundError) -> Material:
    """Return the first rows that a deployment of the version answered."""
    most = 0
    for name in _deployments_of(version):
        query = Query(deployment=name, version=version.version, answered=True)
        logged = read_first(query, model=version.model.name, rows=PRODUCTION_ROWS)
        if logged.rows >= PRODUCTION_ROWS:
            return _of_first_rows(version, name, logged)
        most = max(most, logged.rows)
    raise NoBaseline(
        f"{missing.message} The first {PRODUCTION_ROWS:,} production rows will stand in for it; "
        f"there are {most:,} so far.",
        hint=missing.hint,
        permanent=True,
    )


def _of_first_rows(version: ModelVersion, deployment: str, logged: Logged) -> Material:
    report, frame = describe_logged(logged, target=target_tag(version))
    problems = ("There is no training set: the first production rows stand in for it.",)
    return Material(
        source=Baseline.Source.PRODUCTION,
        label=f"the first {logged.rows:,} rows that {deployment} answered",
        frame=frame,
        report=_noted(report, problems),
        problems=problems,
    )


def _deployments_of(version: ModelVersion) -> list[str]:
    rows = Deployment.objects.filter(
        releases__model_name=version.model.name, releases__version=version.version
    )
    return list(rows.order_by("name").distinct().values_list("name", flat=True))


def _noted(report: InitialReport, problems: tuple[str, ...]) -> InitialReport:
    return replace(report, notes=(*problems, *report.notes))
