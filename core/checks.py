"""System checks of the floor: settings that cannot work are named before anything starts."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def data_folder_is_writable(**_: Any) -> Sequence[CheckMessage]:
    """Name a data folder that cannot be made or written (core.E001)."""
    folder = Path(settings.DATA)
    nearest = folder
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return []
    return [
        Error(
            f"The data folder {folder} cannot be written.",
            hint="Make it writable for this user, or name another one in PORTAL_DATA.",
            id="core.E001",
        )
    ]
