"""Models and versions: the only code that speaks MLflow, and the guarded way to its server."""
