"""A tiny program in the place of the model server: a socket, a child, a grandchild, a report."""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

SLEEP = "import time; time.sleep(60)"


def main() -> None:
    """Do what a model server does, as far as the runtime sees it."""
    parser = argparse.ArgumentParser()
    for name in ("--model", "--socket", "--progress", "--drain"):
        parser.add_argument(name)
    given = parser.parse_args()
    how = Path(given.model).name
    if how == "ignores":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if how == "forks":
        # A child with the same command line, as multiprocessing makes them, and one of another.
        if os.fork() == 0:
            time.sleep(60)
        subprocess.Popen([sys.executable, "-S", "-c", SLEEP])
    server = socket.socket(socket.AF_UNIX)
    server.bind(given.socket)
    server.listen()
    report = {"step": "ready", "message": "Here.", "environment": dict(os.environ)}
    with Path(given.progress).open("a", encoding="utf-8") as file:
        file.write(json.dumps(report) + "\n" + '{"step": "half')
    sys.stdout.write("output of the model\n")
    sys.stdout.flush()
    while True:
        time.sleep(60)


if __name__ == "__main__":
    main()
