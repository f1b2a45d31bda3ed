"""Writing what happens to a deployment, for its page."""

from deployments.models import Deployment, DeploymentEvent, Release

ROUTES = "routes"
"""The revision counter of what the gateway must know: who serves what, and where."""


def note(
    deployment: Deployment, text: str, *, release: Release | None = None, tone: str = "idle"
) -> DeploymentEvent:
    """Add a line to the log of `deployment`."""
    return DeploymentEvent.objects.create(
        deployment=deployment, release=release, tone=tone, text=text
    )
