"""What monitoring refuses or cannot do."""

from core.errors import InvalidError, NotFoundError, PortalError, UnavailableError


class NoBaseline(NotFoundError):
    """There is nothing that production could be compared with."""


class ModelNotLive(UnavailableError):
    """No model server of the version answers here."""


class ModelRefused(InvalidError):
    """The model server refused the rows, or the model raised on them."""


class EvaluationFailed(PortalError):
    """Labelled data could not be evaluated with the live model."""

    http_status = 422
    code = "evaluation_failed"
