"""Reads of the history of metrics."""

from django.db.models import Q, QuerySet

from core.errors import NotFoundError
from deployments.models import Deployment
from monitoring.models import MetricRecord
from monitoring.selectors.baselines import built_baseline
from monitoring.selectors.versions import version_of
from registry.models import ModelVersion


def metric_records(deployment: Deployment) -> QuerySet[MetricRecord]:
    """Return the history of a deployment's metrics, newest first, and where its versions began."""
    versions = ModelVersion.objects.filter(
        pk__in=MetricRecord.objects.filter(deployment=deployment).values("version")
    )
    present = version_of(deployment)
    original = Q(kind=MetricRecord.Kind.ORIGINAL) & (
        Q(version__in=versions) | Q(version=present, baseline__is_current=True)
        if present
        else Q(version__in=versions)
    )
    return MetricRecord.objects.select_related("version__model").filter(
        Q(deployment=deployment) | original
    )


def metric_record(deployment: Deployment, pk: int) -> MetricRecord:
    """Return one record of a deployment's history.

    Raises:
        NotFoundError: the history has none of that number.
    """
    row = metric_records(deployment).filter(pk=pk).first()
    if row is None:
        raise NotFoundError(f"{deployment.name} has no metrics {pk}.", permanent=True)
    return row


def original_metrics(deployment: Deployment) -> MetricRecord:
    """Return what the present version scored on its baseline.

    Raises:
        NotFoundError: the baseline has no metrics; the message says why.
    """
    version = version_of(deployment)
    if version is None:
        raise NotFoundError(f"{deployment.name} has never served a version.", permanent=True)
    baseline = built_baseline(version)
    row = MetricRecord.objects.select_related("version__model").filter(baseline=baseline).first()
    if row is None:
        raise NotFoundError(
            f"The baseline of {version} has no metrics: they take a target and a live model.",
            hint=baseline.problem or "They are added once the model is live.",
            permanent=True,
        )
    return row
