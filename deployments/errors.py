"""Why a version cannot be served."""

from core.errors import PortalError, UnavailableError


class BuildError(PortalError):
    """The environment that a model asks for cannot be built."""

    http_status = 422
    code = "build_failed"


class IndexUnavailable(BuildError):
    """The package index did not deliver; that is no fault of the model."""

    http_status = UnavailableError.http_status
    code = UnavailableError.code


class ModelStartError(PortalError):
    """The model does not load, or does not answer its own example."""

    http_status = 422
    code = "model_start_failed"
