"""What the registry refuses or cannot do."""

from core.errors import InvalidError, UnavailableError


class MlflowUnavailable(UnavailableError):
    """The MLflow tracking server does not answer."""


class UnreadableSource(UnavailableError):
    """Files of a version lie where the portal cannot read them."""


class RefusedWrite(InvalidError):
    """What was to be written must not reach MLflow."""

    def __init__(self, message: str, *, hint: str = "", status: int = 400) -> None:
        super().__init__(message, hint=hint)
        self.http_status = status
