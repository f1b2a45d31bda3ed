"""Keeping what monitoring stores from growing without end."""

import time
from datetime import timedelta
from pathlib import Path

from django.db.models import Max
from django.db.models.functions import TruncDate
from django.utils import timezone

from monitoring.models import Check
from monitoring.places import bundles, labelled_data

EVERY_CHECK_FOR = timedelta(days=7)
FILES_FOR = timedelta(days=1)


def tidy_up() -> tuple[int, int]:
    """Thin out old checks and remove old files; return how many of each went."""
    return thin_out_checks(), remove_old_files()


def thin_out_checks() -> int:
    """Delete checks older than a week, but the newest of each day, deployment and window.

    A check that an alarm shows stays.
    """
    old = Check.objects.filter(created__lt=timezone.now() - EVERY_CHECK_FOR)
    newest = (
        old.order_by()
        .annotate(day=TruncDate("created"))
        .values("deployment", "window", "day")
        .annotate(newest=Max("pk"))
        .values("newest")
    )
    gone = old.filter(alarms__isnull=True).exclude(pk__in=newest)
    chosen = list(gone.values_list("pk", flat=True))
    # Without their reports, which Django would load to delete the rows one by one.
    Check.objects.filter(pk__in=chosen).only("pk").delete()
    return len(chosen)


def remove_old_files() -> int:
    """Remove bundles and labelled data that nobody fetched or evaluated within a day."""
    before = time.time() - FILES_FOR.total_seconds()
    old = [
        path
        for folder in (bundles(), labelled_data())
        for path in folder.iterdir()
        if _modified(path) < before
    ]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _modified(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")
