"""How the OpenAPI document describes the way programs log in."""

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """An API token as Bearer, or as the password of Basic."""

    target_class = "accounts.authentication.TokenAuthentication"
    name = ["bearerToken", "basicWithToken"]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        """Return both forms, in the order of `name`."""
        del auto_schema
        return [{"type": "http", "scheme": "bearer"}, {"type": "http", "scheme": "basic"}]
