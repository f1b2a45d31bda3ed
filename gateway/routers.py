"""Which database holds predictions: the portal's own, or the one of PORTAL_PREDICTIONS_URL."""

from typing import Any

from django.conf import settings
from django.db import models


class PredictionRouter:
    """Sends the gateway's rows to the predictions database and every other row to the portal's."""

    def db_for_read(self, model: type[models.Model], **hints: Any) -> str | None:
        """Return the database that rows of `model` are read from."""
        del hints
        return settings.PREDICTIONS_DATABASE if model._meta.app_label == "gateway" else None

    db_for_write = db_for_read

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        """Create the gateway's tables only there, and no others there."""
        del hints
        if app_label == "gateway":
            return bool(db == settings.PREDICTIONS_DATABASE)
        return db == "default"
