"""Start of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and programs."""

    name = "accounts"

    def ready(self) -> None:
        from accounts import openapi  # noqa: F401  (registers itself; needs the app registry)
