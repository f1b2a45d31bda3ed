"""`python -m tests.live.slow.enqueue KIND COUNT SECONDS FOLDER`: write jobs, print their ids."""

import sys

import django


def main(kind: str, count: str, seconds: str, folder: str) -> None:
    """Enqueue `count` jobs of a kind of this app."""
    django.setup()
    from core import jobs  # models exist only once Django is set up

    for _ in range(int(count)):
        row = jobs.enqueue(kind, arguments={"seconds": float(seconds), "folder": folder})
        sys.stdout.write(f"{row.pk}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
