"""The web process stays light: pages and REST load neither pandas nor scikit-learn."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

pytestmark = pytest.mark.live

HEAVY = ("pandas", "numpy", "scipy", "sklearn", "matplotlib", "pyarrow")
PROGRAM = f"""
import sys, django
django.setup()
import mlopsportal.urls, monitoring.views, monitoring.api, monitoring.api_reports
import monitoring.tasks, monitoring.onefile
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_pages_and_rest_load_no_statistics():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stdout + done.stderr
