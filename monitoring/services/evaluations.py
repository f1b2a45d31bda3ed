"""Evaluating the live model on labelled data; imports scikit-learn, so for jobs only."""

from typing import Any

import msgspec
import pandas as pd
from django.db import transaction

from core import audit
from core.errors import InvalidError
from deployments.models import Deployment
from drift.evaluation import Evaluation, evaluate
from drift.reports import InitialReport
from monitoring import selectors
from monitoring.answers import read_answers
from monitoring.describing import classes_of, predictions_of, scores_of, task_of
from monitoring.errors import ModelRefused
from monitoring.labelled import Labelled
from monitoring.live import ask
from monitoring.models import MetricRecord
from monitoring.places import labelled_data


def evaluate_file(*, deployment: Deployment, name: str, who: str) -> MetricRecord:
    """Ask the live model about the labelled rows that wait in a file, and keep every metric.

    The file (`monitoring.labelled.Labelled`) is removed when that is done.

    Raises:
        InvalidError: the file is gone, or the model does not take its rows; it is removed then.
        ModelNotLive: the model does not answer; the file stays for the next attempt.
    """
    path = labelled_data() / name
    if not path.is_file():
        raise InvalidError("The labelled data are gone.", hint="Send them again.")
    try:
        record = _evaluate(deployment, Labelled.from_bytes(path.read_bytes()), who=who)
    except InvalidError:
        path.unlink()
        raise
    path.unlink()
    return record


def _evaluate(deployment: Deployment, labelled: Labelled, *, who: str) -> MetricRecord:
    version = selectors.version_of(deployment)
    if version is None:
        raise InvalidError(f"{deployment.name} has never had a version.", hint="Deploy one first.")
    body = msgspec.json.encode(labelled.request)
    outputs = ask(version, body, rows=len(labelled.truths))
    if all(output is None for output in outputs):
        raise ModelRefused(
            f"{version} answered, but not one value for each of the {len(labelled.truths)} rows."
        )
    baseline = selectors.baseline_of(version)
    initial = InitialReport.from_json(baseline.report) if baseline and baseline.is_built else None
    evaluation = _metrics(labelled, outputs, initial)
    with transaction.atomic():
        record = MetricRecord.objects.create(
            version=version,
            deployment=deployment,
            kind=MetricRecord.Kind.POSTED,
            rows=evaluation.rows,
            metrics=msgspec.json.decode(msgspec.json.encode(evaluation)),
            who=who,
        )
        audit.record(
            "evaluated on labelled data",
            object=deployment.subject,
            actor=None,
            after={"metrics": record.pk, "rows": record.rows, "by": who},
        )
    return record


def _metrics(labelled: Labelled, outputs: list[Any], initial: InitialReport | None) -> Evaluation:
    """Return the metrics, with task and classes of the baseline where there is one."""
    truths = pd.Series(labelled.truths, dtype=object)
    knows_answers = initial is not None and (initial.target or initial.prediction) is not None
    classes = initial.classes if initial and knows_answers else classes_of(truths)
    answers = read_answers(outputs, classes=classes)
    return evaluate(
        task=initial.task if initial and knows_answers else task_of(truths, answers),
        truths=truths,
        predictions=predictions_of(answers),
        scores=scores_of(answers),
        labels=answers.labels or (initial.classes if initial and knows_answers else None) or None,
    )
