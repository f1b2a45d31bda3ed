"""Writes of the registry: reading MLflow into our rows, and taking uploaded training sets."""

from registry.services.sync import nudge, read_details, sync
from registry.services.upload import upload_dataset

__all__ = ["nudge", "read_details", "sync", "upload_dataset"]
