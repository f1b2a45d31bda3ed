"""Reads of access rows."""

from django.db.models import QuerySet

from accounts.models import ApiToken, User


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Return the API tokens of a person, newest first, revoked and expired ones too."""
    return ApiToken.objects.filter(user=user)
