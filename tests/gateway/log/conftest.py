"""What pytest gives to the tests of the prediction log."""

import os
import random
import sys

import pytest


@pytest.fixture
def rng() -> random.Random:
    """Randomness whose seed is printed; TEST_PORTAL_SEED repeats it."""
    seed = int(os.environ.get("TEST_PORTAL_SEED", random.SystemRandom().randrange(10**6)))
    sys.stdout.write(f"TEST_PORTAL_SEED={seed}\n")
    return random.Random(seed)
