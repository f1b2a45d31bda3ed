"""Kinds of columns that Django has not."""

import json
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg.types.json import Json, Jsonb


class OrderedJSONField(models.JSONField):
    """JSON whose keys come back in the order they were written in, on every database.

    PostgreSQL's `jsonb`, which Django takes, sorts them; its `json` keeps the text as it came. Not
    for values that are compared in queries: `json` has no equality.
    """

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        """Return `json` on PostgreSQL."""
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        """Return what the driver writes."""
        adapted = super().get_db_prep_value(value, connection, prepared)
        if connection.vendor != "postgresql" or adapted is None:
            return adapted
        return Json(adapted.obj, adapted.dumps) if isinstance(adapted, Jsonb) else adapted

    def from_db_value(self, value: Any, expression: Any, connection: BaseDatabaseWrapper) -> Any:
        """Return the value; psycopg has decoded `json` already, which keeps the order."""
        if isinstance(value, str):
            return json.loads(value, cls=self.decoder)
        return value
