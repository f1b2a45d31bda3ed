"""Reads of what is served: the version of a deployment, and what is live."""

from django.db.models import QuerySet

from deployments import selectors as deployments
from deployments.models import Deployment, Release
from registry.models import ModelVersion


def version_of(deployment: Deployment) -> ModelVersion | None:
    """Return the version that serves, or else is to serve, or served last."""
    release = deployment.current or deployment.target or deployment.releases.first()
    if release is None:
        return None
    # Also one that MLflow has deleted since: what it answered is still here to be looked at.
    return (
        ModelVersion.objects.select_related("model", "upload")
        .filter(model__name=release.model_name, version=release.version)
        .first()
    )


def live_deployments() -> QuerySet[Deployment]:
    """Return the deployments that answer now."""
    rows = deployments.deployments(wanted_only=True)
    return rows.filter(current__status=Release.Status.LIVE)
