"""Which node this is: the data folder knows, so that a new host name changes nothing.

What is deployed lives in the data folder. A container that is made anew over the same folder, or a
machine that was renamed, is still the node that its deployments belong to.
"""

import contextlib
import socket
from pathlib import Path
from typing import Final

FILE: Final = "node"


def node_of(data: Path) -> str:
    """Return the name that the data folder carries, or the host name as long as it has none."""
    path = data / FILE
    kept = path.read_text(encoding="utf-8").strip() if path.is_file() else ""
    return kept or socket.gethostname()


def keep_node(data: Path, name: str) -> None:
    """Write `name` into the data folder, unless it carries one already."""
    with contextlib.suppress(FileExistsError), (data / FILE).open("x", encoding="utf-8") as file:
        file.write(f"{name}\n")
