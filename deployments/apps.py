"""Start of the deployments app."""

from django.apps import AppConfig


class DeploymentsConfig(AppConfig):
    """What is served."""

    name = "deployments"

    def ready(self) -> None:
        from deployments import selectors  # these need the app registry
        from registry.usage import places

        places.answer_with(selectors.places)
