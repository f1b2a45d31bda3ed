"""The suite's live part: real PostgreSQL, Redis, MLflow and Celery processes (`make test-live`)."""
