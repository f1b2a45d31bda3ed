"""System checks of the floor: settings that cannot work are named before anything starts."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register


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


@register(Tags.security)
def somebody_ends_tls(**_: Any) -> Sequence[CheckMessage]:
    """Name a public address by https to which no request will ever seem to come (core.W001)."""
    if not settings.PUBLIC_URL.startswith("https://") or settings.TRUSTED_PROXIES:
        return []
    return [
        Warning(
            f"People reach the portal at {settings.PUBLIC_URL}, but no proxy is trusted to say "
            "that a request came by https: every page would redirect to itself.",
            hint="Name the addresses of the proxy in PORTAL_TRUSTED_PROXIES.",
            id="core.W001",
        )
    ]
