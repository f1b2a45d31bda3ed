"""Why a version cannot be served."""

from core.errors import PortalError


class BuildError(PortalError):
    """The environment that a model asks for cannot be built."""


class ModelStartError(PortalError):
    """The model does not load, or does not answer its own example."""
