"""Settings of the worker processes of live tests: the portal's own, and an app of slow jobs."""

from mlopsportal.settings import *  # noqa: F403
from mlopsportal.settings import INSTALLED_APPS as _PORTAL

INSTALLED_APPS = [*_PORTAL, "tests.live.slow"]
