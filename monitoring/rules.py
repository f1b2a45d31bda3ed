"""The numbers by which checks are judged, alarms follow and rows are read."""

from datetime import timedelta
from typing import Final

WATCHED_WINDOW: Final = "week"
"""Only checks of this window move alarms: a look at last March says nothing about today."""

LEAST_ROWS: Final = 30
"""Fewer rows than this are compared, but get no verdict: chance alone exceeds thresholds then."""

RETURNS_WITHIN: Final = timedelta(days=30)
"""A cause that comes back this soon after it was resolved is the same alarm."""

PRODUCTION_ROWS: Final = 1000
"""How many of the first production rows stand in for a training set that is not there."""

MOST_ROWS: Final = 300_000
"""More rows than this are thinned evenly, so that a check of any window fits in memory."""

ASKED_ROWS: Final = 20_000
"""How many rows of a baseline the live model is asked for."""

METHOD: Final = "fixed thresholds, 1"
"""Which rules judged a check; raised whenever the same rows could get another verdict."""
