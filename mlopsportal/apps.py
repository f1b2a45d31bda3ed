"""Start of the project: the Celery application is known wherever Django is."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """The project that composes the apps."""

    name = "mlopsportal"
    verbose_name = "MLOps portal"

    def ready(self) -> None:
        from mlopsportal import celery  # noqa: F401  (Celery configures itself from settings)
