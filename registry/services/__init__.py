"""Writes of the registry: our rows of MLflow, uploaded training sets, and the audit of MLflow."""

from registry.services.acts import write_down
from registry.services.sync import nudge, read_details, sync
from registry.services.upload import upload_dataset

__all__ = ["nudge", "read_details", "sync", "upload_dataset", "write_down"]
