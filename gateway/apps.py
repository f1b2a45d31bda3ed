"""Start of the gateway app."""

from django.apps import AppConfig


class GatewayConfig(AppConfig):
    """Predictions: serving, log, stores."""

    name = "gateway"

    def ready(self) -> None:
        from deployments.traffic import traffic  # these need the app registry
        from gateway import selectors

        traffic.answer_with(selectors.traffic)
