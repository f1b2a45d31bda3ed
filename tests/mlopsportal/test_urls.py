"""Every address of Django's, every method, every role: the least role that gets past the door.

A new address fails here until it has its line in `ADDRESSES`. `/mlflow/…`, `/models/…` and the
probes are not Django's: their doors are tested beside them.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests import people

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROLES = ("nobody", "viewer", "operator", "administrator")
PERSON_OF = {"viewer": people.vera, "operator": people.olga, "administrator": people.ada}

# address → method=least role, …; a method that is not named does not exist there (405).
ADDRESSES = """
"""

SAMPLES = {
    "name": "wine",
    "version": "1",
    "code": "x",
    "job_id": "00000000-0000-4000-8000-000000000000",
    "pk": "1",
    "token_id": "1",
}


def _routes(resolver: Any, prefix: str = "") -> Iterator[str]:
    for entry in resolver.url_patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _routes(entry, route)
        elif isinstance(entry, URLPattern):
            yield re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", route).replace("^", "").rstrip("$")


ROUTES = sorted({route for route in _routes(get_resolver()) if not route.startswith("admin/")})


def _table() -> dict[str, dict[str, str]]:
    lines = [line.split() for line in ADDRESSES.strip().splitlines()]
    return {
        line[0].removeprefix("/"): dict(word.rstrip(",").split("=") for word in line[1:])
        for line in lines
    }


def _path(route: str) -> str:
    def sample(found: re.Match[str]) -> str:
        kind, _, name = found[1].rpartition(":")
        if kind == "uuid" or (name == "pk" and "jobs" in route):
            return SAMPLES["job_id"]
        return SAMPLES[name]

    return "/" + re.sub(r"<([^>]+)>", sample, route)
