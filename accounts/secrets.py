"""Making and hashing the secrets that the portal hands out once."""

import hashlib
import secrets
from typing import Final

PREFIX: Final = "mlp_"


def new_token() -> str:
    """Return a new API token: a recognisable prefix and 256 random bits."""
    return PREFIX + secrets.token_urlsafe(32)


def new_code() -> str:
    """Return a new code for a one-time link."""
    return secrets.token_urlsafe(24)


def digest_of(secret: str) -> str:
    """Return what is stored of a secret with at least 128 random bits: its SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()
