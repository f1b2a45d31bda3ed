"""The one root of the portal's errors; pages, REST, commands and jobs each render it once."""


class PortalError(Exception):
    """Something the portal refuses or cannot do, said to a person.

    `message` is a whole sentence that names the thing and the value, `hint` the next step.
    `permanent` tells the job runner that trying again cannot help.
    """

    http_status = 500
    code = "internal"

    def __init__(self, message: str, *, hint: str = "", permanent: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.permanent = permanent

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class InvalidError(PortalError):
    """A value from outside cannot be used; `fields` names the values at fault."""

    http_status = 400
    code = "invalid"

    def __init__(
        self, message: str, *, hint: str = "", fields: dict[str, list[str]] | None = None
    ) -> None:
        super().__init__(message, hint=hint, permanent=True)
        self.fields = fields or {}


class ForbiddenError(PortalError):
    """The caller is known and may not do this."""

    http_status = 403
    code = "forbidden"


class NotFoundError(PortalError):
    """There is no such thing, or the caller may not know of it."""

    http_status = 404
    code = "not_found"


class ConflictError(PortalError):
    """Someone else got there first, or the thing is not in a state that allows this."""

    http_status = 409
    code = "conflict"


class JobFailed(PortalError):
    """A job ended with this error in another process; code and status are those it had there."""

    def __init__(self, message: str, *, hint: str, code: str, http_status: int) -> None:
        super().__init__(message, hint=hint, permanent=True)
        self.code = code
        self.http_status = http_status


class UnavailableError(PortalError):
    """A part that this needs does not answer now; trying again later can help."""

    http_status = 503
    code = "unavailable"
