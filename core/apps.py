"""Start of the core app: it loads every app's `tasks`, so that each process knows all jobs."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    """The floor of the portal."""

    name = "core"

    def ready(self) -> None:
        from core import checks  # noqa: F401  (registers; needs the app registry)

        autodiscover_modules("tasks")
