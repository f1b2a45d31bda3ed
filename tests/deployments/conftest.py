"""The stand-in of MLflow, from which a version's files are fetched."""

from tests.registry.conftest import mlflow, mlflow_place

__all__ = ["mlflow", "mlflow_place"]
