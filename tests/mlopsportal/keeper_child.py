"""Run by the tests of processes: a keeper of the programs that the arguments describe.

Each argument is `NAME=PYTHON CODE`; the programs see `sys.argv[1]`, the mark by which the test
finds them.
"""

import sys

import honcho.manager

from mlopsportal import processes
from mlopsportal.processes import Keeper, Program


def main() -> None:
    """Keep the programs until told to stop, then exit with the keeper's code."""
    honcho.manager.KILL_WAIT = 0.5
    processes._LOST_SECONDS = 0.3  # type: ignore[misc]
    mark, *described = sys.argv[1:]
    kept = []
    for text in described:
        name, _, code = text.partition("=")
        once = name.startswith("once")
        kept.append(Program(name, [sys.executable, "-S", "-c", code, mark], once=once))
    keeper = Keeper(kept)
    keeper.loop()
    sys.exit(keeper.returncode)


if __name__ == "__main__":
    main()
