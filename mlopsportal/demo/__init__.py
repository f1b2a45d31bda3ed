"""The demo: data that scikit-learn ships, a model trained on it, and the story of its traffic."""

from pathlib import Path

from django.conf import settings


def unfinished() -> Path:
    """Return the file that is there from the demo's begin to its end, with ada's password.

    A demo that was cut off goes on at the next start, and says the password again.
    """
    return Path(settings.DATA) / "demo_unfinished"
