"""Start of the accounts app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and programs."""

    name = "accounts"
