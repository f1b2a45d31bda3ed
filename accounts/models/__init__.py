"""Rows about access: people, their API tokens, one-time links."""

from accounts.models.link import OneTimeLink
from accounts.models.token import ApiToken
from accounts.models.user import User

__all__ = ["ApiToken", "OneTimeLink", "User"]
