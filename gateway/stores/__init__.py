"""Where predictions are kept for good: one small protocol, one file per kind of store."""

from gateway.stores.protocol import PredictionStore, StoredPrediction
from gateway.stores.sql import SqlStore

__all__ = ["PredictionStore", "StoredPrediction", "store"]


def store() -> PredictionStore:
    """Return the store that the settings name."""
    return SqlStore()
