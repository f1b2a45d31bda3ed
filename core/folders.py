"""Folders below the data folder, closed to other users of the machine."""

import hashlib
import os
import stat
import tempfile
from pathlib import Path

from django.conf import settings

from core.errors import PortalError

# The kernel takes 107 bytes for the path of a Unix socket; the names below need up to 40.
_LONGEST_SOCKET_FOLDER = 66


def private_folder(*parts: str) -> Path:
    """Return the folder `parts` below the data folder, each made with 0700 if it is not there."""
    folder = Path(settings.DATA)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for part in parts:
        folder /= part
        folder.mkdir(exist_ok=True, mode=0o700)
    return folder


def socket_folder() -> Path:
    """Return the folder for Unix sockets: in the data folder, or in /tmp if that path is too long.

    Raises:
        PortalError: the folder in /tmp belongs to somebody else.
    """
    if len(os.fsencode(settings.DATA)) <= _LONGEST_SOCKET_FOLDER:
        return private_folder("run")
    name = hashlib.sha256(os.fsencode(settings.DATA)).hexdigest()[:12]
    folder = Path(tempfile.gettempdir()) / f"portal-{os.getuid()}-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid() or info.st_mode & 0o077:
        raise PortalError(
            f"{folder} is not a folder of this user alone.",
            hint="Remove it, or choose a shorter PORTAL_DATA.",
        )
    return folder
