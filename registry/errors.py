"""What the registry refuses or cannot do."""

from core.errors import UnavailableError


class MlflowUnavailable(UnavailableError):
    """The MLflow tracking server does not answer."""


class UnreadableSource(UnavailableError):
    """Files of a version lie where the portal cannot read them."""
