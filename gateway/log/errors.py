"""What can go wrong with the prediction log, in the portal's own words."""

from core.errors import PortalError, UnavailableError


class LogUnavailable(UnavailableError):
    """The record is not known to be on disk, so its answer must not be given (503, try again)."""

    code = "log_unavailable"


class LogFormatError(PortalError):
    """The log holds something this release cannot read; trying again cannot help."""

    code = "log_format"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, permanent=True)
