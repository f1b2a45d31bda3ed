"""`manage.py web`: the ASGI application under uvicorn."""

from typing import Any

import uvicorn
from django.conf import settings
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    """Serves pages, REST, predictions and the way to MLflow on one address."""

    help = "Serve the portal (one process)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until told to stop; requests in flight are finished first."""
        del args, options
        uvicorn.run(
            "mlopsportal.asgi:application",
            host=settings.HOST,
            port=settings.PORT,
            loop="uvloop",
            http="httptools",
            log_config=None,
            access_log=False,
            lifespan="on",
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=30,
            proxy_headers=bool(settings.TRUSTED_PROXIES),
            forwarded_allow_ips=settings.TRUSTED_PROXIES,
        )
