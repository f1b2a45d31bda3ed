"""What an environment was built as: each of its files with size and time, in its marker file.

The marker is written last, so an environment without one was never finished. Reading the sizes and
times of some 25,000 files takes a fifth of a second, which a checksum of each would not.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

MARKER: Final = ".complete"

_Stamp = tuple[int, int]
"""Size in bytes, and time of the last change in ns."""


@dataclass(frozen=True, slots=True)
class Damage:
    """How an environment differs from what was built; `changed` files are still there."""

    missing: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = []
        for paths, words in ((self.missing, "missing"), (self.changed, "changed")):
            if len(paths) == 1:
                said.append(f"{paths[0]} is {words}")
            elif paths:
                said.append(f"{len(paths)} files are {words}, {paths[0]} among them")
        return "; ".join(said)


def write(folder: Path, *, digest: str) -> int:
    """Write the marker of a finished environment and return the bytes that its files take.

    Linked files, which other environments may share, count too.
    """
    found = dict(_files(folder))
    lines = [digest, *(f"{size} {time} {path}" for path, (size, time) in found.items())]
    partial = folder / f"{MARKER}.partial"
    partial.write_text("\n".join(lines), encoding="utf-8", errors="surrogateescape")
    partial.replace(folder / MARKER)
    return sum(size for size, _ in found.values())


def is_there(folder: Path) -> bool:
    """Say whether the environment was finished and its interpreter can be started; quick."""
    return (folder / MARKER).is_file() and (folder / "bin" / "python").exists()


def damage(folder: Path) -> Damage | None:
    """Return how the environment differs from what was built, or None if it does not.

    Files that came later, such as compiled bytecode, are no damage. A marker of a release of the
    portal that kept no files in it tells of the marker and the interpreter alone.
    """
    if not is_there(folder):
        gone = MARKER if not (folder / MARKER).is_file() else "bin/python"
        return Damage(missing=(gone if folder.is_dir() else "its folder",))
    text = (folder / MARKER).read_text(encoding="utf-8", errors="surrogateescape")
    missing, changed = [], []
    for line in text.split("\n")[1:]:
        size, time, path = line.split(" ", 2)
        stamp = _stamp(folder / path)
        if stamp is None:
            missing.append(path)
        elif stamp != (int(size), int(time)):
            changed.append(path)
    return Damage(tuple(missing), tuple(changed)) if missing or changed else None


def _files(folder: Path) -> Iterator[tuple[str, _Stamp]]:
    """Yield every file that was installed; bytecode is compiled anew when it is not there."""
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for path in (Path(parent, name) for name in sorted(names)):
            stamp = _stamp(path)
            if stamp is not None and "\n" not in path.name:
                yield str(path.relative_to(folder)), stamp


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
