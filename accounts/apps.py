"""Start of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and programs."""

    name = "accounts"

    def ready(self) -> None:
        # They register themselves, and need the app registry.
        from accounts import openapi, signals  # noqa: F401
