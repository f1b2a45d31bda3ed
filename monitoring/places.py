"""Where monitoring keeps its files below the data folder."""

from pathlib import Path

from core.folders import private_folder
from monitoring.models import Baseline, Check


def bundles() -> Path:
    """Return the folder of zip files; each can be written again at any time."""
    return private_folder("bundles")


def labelled_data() -> Path:
    """Return the folder of labelled data that wait to be evaluated."""
    return private_folder("labelled")


def bundle_path(of: Check | Baseline) -> Path:
    """Return where the zip file of a check or baseline is, once a job has written it."""
    kind = "check" if isinstance(of, Check) else "baseline"
    # The time keeps it apart from another of the same number, of a database that was restored.
    return bundles() / f"{kind}-{of.pk}-{of.created:%Y%m%dT%H%M%S%f}.zip"
