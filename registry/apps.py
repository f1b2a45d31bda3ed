"""Start of the registry app."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Models and versions, as MLflow knows them."""

    name = "registry"
