"""What nudges call: reading the registry (the clock reads it by itself)."""

from celery import shared_task

from registry import services


@shared_task(name="registry.sync")
def sync() -> None:
    """Read MLflow's registry into our rows."""
    services.sync()
