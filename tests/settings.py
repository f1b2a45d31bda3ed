"""Settings of the tests: the portal's own, read from an environment that the tests control."""

import atexit
import os
import shutil
import tempfile

for name in [n for n in os.environ if n.startswith("PORTAL_")]:
    del os.environ[name]
os.environ["PORTAL_ENV_FILE"] = ""
os.environ["PORTAL_DATA"] = tempfile.mkdtemp(prefix="portal-tests-")
atexit.register(shutil.rmtree, os.environ["PORTAL_DATA"], ignore_errors=True)
os.environ["PORTAL_NODE"] = "testnode"
# Tests run side by side: threads of their matrix products would wait for each other, spinning.
os.environ["OMP_NUM_THREADS"] = "1"
os.environ["SECRET_KEY"] = "only-for-tests-" + "x" * 50
os.environ["DATABASE_URL"] = os.environ.get("TEST_PORTAL_DATABASE_URL", "")
os.environ["PORTAL_BROKER_URL"] = os.environ.get("TEST_PORTAL_BROKER_URL", "memory://")

from mlopsportal.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, as in production: threads of a test then meet each other as processes would.
    DATABASES["default"]["TEST"] = {"NAME": str(DATA / "tests.sqlite3")}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = (  # noqa: F405
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"
    )
