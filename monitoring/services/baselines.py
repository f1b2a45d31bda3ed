"""Building baselines; imports pandas and scikit-learn, so for jobs only."""

import logging
import time

import pandas as pd
import pyarrow as pa
from django.db import transaction

from core.errors import InvalidError
from monitoring import selectors
from monitoring.errors import NoBaseline
from monitoring.live import live_server
from monitoring.material import Material, gather
from monitoring.models import Baseline, MetricRecord
from monitoring.origins import origin_of, source_of
from registry.models import ModelVersion

logger = logging.getLogger(__name__)


def usable_baseline(version: ModelVersion) -> Baseline:
    """Return the baseline of a version, built now if there is none or it can be bettered.

    Raises:
        UnavailableError: it has to be built, and MLflow does not answer.
    """
    row = selectors.baseline_of(version)
    if row is None or row.origin != origin_of(version):
        return build_baseline(version)
    lacks_metrics = row.is_built and not row.asked_model and live_server(version) is not None
    waits_for_rows = not row.is_built and not row.source
    return build_baseline(version) if lacks_metrics or waits_for_rows else row


def build_baseline(version: ModelVersion) -> Baseline:
    """Build the baseline of a version and make it the current one.

    Whatever is wrong with the data ends as the row's `problem`. Without a training set the first
    rows of production take its place, once there are enough.

    Raises:
        UnavailableError: MLflow does not answer; trying again later can help.
    """
    started = time.monotonic()
    row = Baseline(version=version, origin=origin_of(version))
    material = None
    try:
        material = gather(version)
    except NoBaseline as error:
        row.problem, row.hint = error.message, error.hint
    except InvalidError as error:
        row.problem, row.hint, row.source = error.message, error.hint, source_of(version)
    if material is not None:
        _fill(row, material)
    row.seconds = time.monotonic() - started
    return _replace_current(row, material)


def _fill(row: Baseline, material: Material) -> None:
    report = material.report
    row.source, row.label = material.source, material.label
    row.rows, row.target, row.task = report.rows, report.target or "", report.task.value
    row.asked_model = material.asked_model
    row.problem = " ".join(material.problems)
    row.report = report.to_json()


@transaction.atomic
def _replace_current(row: Baseline, material: Material | None) -> Baseline:
    """Keep the row as the current baseline; the one before stays if a check was made with it."""
    # Two builds of one version may end together: the lock lets one after the other in.
    ModelVersion.objects.select_for_update().get(pk=row.version_id)
    for former in Baseline.objects.filter(version=row.version, is_current=True):
        if former.checks.exists():
            Baseline.objects.filter(pk=former.pk).update(is_current=False)
        else:
            former.file.unlink(missing_ok=True)
            former.delete()
    row.save()
    if material is not None:
        _write(row, material.frame)
    if metrics := row.report.get("metrics"):
        MetricRecord.objects.create(
            version=row.version,
            kind=MetricRecord.Kind.ORIGINAL,
            baseline=row,
            rows=metrics["rows"],
            metrics=metrics,
        )
    return row


def _write(row: Baseline, frame: pd.DataFrame) -> None:
    """Keep the rows as Parquet; columns of mixed types, which it cannot hold, become text."""
    try:
        frame.to_parquet(row.file, compression="zstd", index=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        mixed = frame.select_dtypes(include="object").columns
        texts = frame.assign(**{name: frame[name].map(str, na_action="ignore") for name in mixed})
        texts.to_parquet(row.file, compression="zstd", index=False)
