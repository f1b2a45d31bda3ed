"""Every address of Django's, every method, every role: the least role that gets past the door.

A new address fails here until it has its line in `ADDRESSES`. `/mlflow/…`, `/models/…` and the
probes are not Django's: their doors are tested beside them.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests import people
from tests.factories import a_deployment, a_version

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROLES = ("nobody", "viewer", "operator", "administrator")
PERSON_OF = {"viewer": people.vera, "operator": people.olga, "administrator": people.ada}

# address → method=least role, …; a method that is not named does not exist there (405).
# ALL stands for every method.
ADDRESSES = """
/                                                              GET=viewer
/alarms/                                                       GET=viewer
/alarms/<int:pk>/                                              GET=viewer
/alarms/<int:pk>/acknowledge/                                  POST=operator
/alarms/<int:pk>/resolve/                                      POST=operator
/api/v1/                                                       ALL=nobody
/api/v1/alarms                                                 GET=viewer
/api/v1/alarms/<pk>                                            GET=viewer
/api/v1/alarms/<pk>/acknowledge                                POST=operator
/api/v1/alarms/<pk>/resolve                                    POST=operator
/api/v1/audit                                                  GET=administrator
/api/v1/audit/<pk>                                             GET=administrator
/api/v1/deployments                                            GET=viewer, POST=operator
/api/v1/deployments/<name>              GET=viewer, PATCH=operator, DELETE=operator
/api/v1/deployments/<name>/events                              GET=viewer
/api/v1/deployments/<name>/logs                                GET=viewer
/api/v1/deployments/<name>/restart                             POST=operator
/api/v1/deployments/<name>/rollback                            POST=operator
/api/v1/deployments/<name>/versions                            GET=viewer
/api/v1/deployments/<str:name>/metrics                         GET=viewer, POST=operator
/api/v1/deployments/<str:name>/metrics/<int:pk>                GET=viewer
/api/v1/deployments/<str:name>/metrics/original                GET=viewer
/api/v1/deployments/<str:name>/metrics/types                   GET=viewer
/api/v1/deployments/<str:name>/predictions                     GET=viewer
/api/v1/deployments/<str:name>/reports/degradation             GET=viewer
/api/v1/deployments/<str:name>/reports/degradation.html        GET=viewer
/api/v1/deployments/<str:name>/reports/degradation.zip         GET=viewer
/api/v1/deployments/<str:name>/reports/initial                 GET=viewer
/api/v1/deployments/<str:name>/reports/initial.html            GET=viewer
/api/v1/deployments/<str:name>/reports/initial.zip             GET=viewer
/api/v1/deployments/<str:name>/truths                          POST=operator
/api/v1/docs                                                   GET=nobody
/api/v1/health                                                 GET=nobody
/api/v1/jobs                                                   GET=viewer
/api/v1/jobs/<pk>                                              GET=viewer
/api/v1/jobs/<pk>/cancel                                       POST=operator
/api/v1/jobs/<pk>/lines                                        GET=viewer
/api/v1/jobs/<pk>/retry                                        POST=operator
/api/v1/me                                                     GET=viewer
/api/v1/models                                                 GET=viewer
/api/v1/models/<name>                                          GET=viewer
/api/v1/models/<name>/versions                                 GET=viewer
/api/v1/models/<str:name>/versions/<str:version>               GET=viewer
/api/v1/models/<str:name>/versions/<str:version>/baseline      POST=operator
/api/v1/schema                                                 GET=nobody
/api/v1/settings                                               GET=administrator
/api/v1/tokens                                                 GET=viewer, POST=viewer
/api/v1/tokens/<pk>                                            GET=viewer, DELETE=viewer
/audit/                                                        GET=administrator
/deployments/                                                  GET=viewer
/deployments/<str:name>/                                       GET=viewer
/deployments/<str:name>/events/                                GET=viewer
/deployments/<str:name>/live/                                  GET=viewer
/deployments/<str:name>/public/                                GET=operator, POST=operator
/deployments/<str:name>/replace/                               GET=operator, POST=operator
/deployments/<str:name>/restart/                               POST=operator
/deployments/<str:name>/roll-back/                             GET=operator, POST=operator
/deployments/<str:name>/undeploy/                              GET=operator, POST=operator
/deployments/new/                                              GET=operator, POST=operator
/drift/                                                        GET=viewer
/drift/<str:name>/                                             GET=viewer
/drift/<str:name>/initial/                                     GET=viewer
/drift/<str:name>/initial/rebuild/                             POST=operator
/drift/<str:name>/initial/report.html                          GET=viewer
/drift/<str:name>/initial/report.json                          GET=viewer
/drift/<str:name>/initial/report.zip                           GET=viewer
/drift/<str:name>/metrics/                                     GET=viewer
/drift/<str:name>/run/                                         POST=operator
/drift/checks/<int:pk>/                                        GET=viewer
/drift/checks/<int:pk>/column/                                 GET=viewer
/drift/checks/<int:pk>/report.html                             GET=viewer
/drift/checks/<int:pk>/report.json                             GET=viewer
/drift/checks/<int:pk>/report.zip                              GET=viewer
/jobs/                                                         GET=viewer
/jobs/<uuid:job_id>/                                           GET=viewer
/jobs/<uuid:job_id>/cancel/                                    POST=operator
/jobs/<uuid:job_id>/progress/                                  GET=viewer
/jobs/<uuid:job_id>/retry/                                     POST=operator
/login/                                                        ALL=nobody
/logout/                                                       POST=viewer
/predictions/                                                  GET=viewer
/predictions/<uuid:pk>/                                        GET=viewer
/predictions/<uuid:pk>/truth/                                  POST=operator
/profile/                                                      GET=viewer
/profile/appearance/                                           POST=nobody
/profile/password/                                             GET=viewer, POST=viewer
/profile/tokens/<int:token_id>/revoke/                         GET=viewer, POST=viewer
/profile/tokens/new/                                           GET=viewer, POST=viewer
/registry/                                                     GET=viewer, POST=operator
/registry/<str:name>/                                          GET=viewer
/registry/<str:name>/versions/<str:version>/                   GET=viewer, POST=operator
/settings/                                                     GET=administrator
/setup/<str:code>/                                             GET=nobody, POST=nobody
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
    table = {}
    for line in ADDRESSES.strip().splitlines():
        address, *words = line.split()
        roles = dict(word.rstrip(",").split("=") for word in words)
        if "ALL" in roles:
            roles = dict.fromkeys(METHODS, roles["ALL"])
        table[address.removeprefix("/")] = roles
    return table


def _path(route: str) -> str:
    def sample(found: re.Match[str]) -> str:
        kind, _, name = found[1].rpartition(":")
        if kind == "uuid" or (name == "pk" and "jobs" in route):
            return SAMPLES["job_id"]
        return SAMPLES[name]

    # Reports would wait for a worker that is not there.
    return "/" + re.sub(r"<([^>]+)>", sample, route) + "?wait=0"


@pytest.fixture(autouse=True)
def something_to_act_on(tmp_path: Path, settings: LazySettings) -> None:
    """Let there be a model and its deployment, and a log of this test's own."""
    settings.DATA = tmp_path
    a_version(model="wine")
    a_deployment(name="wine")


class _Door:
    """Browsers of somebody of each role, knocking."""

    def __init__(self) -> None:
        self._clients = {role: Client(raise_request_exception=False) for role in ROLES}

    def __call__(self, role: str, method: str, route: str) -> tuple[int, str]:
        """Return status and redirect of a request."""
        client = self._clients[role]
        if role != "nobody" and not client.cookies.get("portal_session"):
            client.force_login(PERSON_OF[role]())
        answer = client.generic(method, _path(route), content_type="application/json")
        if route in ("login/", "logout/"):
            client.cookies.clear()
        return answer.status_code, answer.headers.get("Location", "")


def _is_let_in(status: int, location: str) -> bool:
    return status not in (401, 403) and not location.startswith("/login/?next=")


def test_every_address_has_its_line_and_every_line_its_address() -> None:
    table = _table()
    assert [route for route in ROUTES if route not in table] == [], "write down who may come in"
    assert [route for route in table if route not in ROUTES] == [], "these are gone"


def _faults(route: str, knock: _Door) -> Iterator[str]:
    written = _table()[route]
    for method in METHODS:
        least = written.get(method)
        if least is None:
            status, _ = knock("administrator", method, route)
            if status != 405:
                yield f"{method} {route} is not in the table, and answers {status}"
            continue
        place = ROLES.index(least)
        for role in {ROLES[0], ROLES[place - 1]} if place else set():
            if _is_let_in(*knock(role, method, route)):
                yield f"{role} may {method} {route}"
        status, location = knock(least, method, route)
        if not _is_let_in(status, location) or status >= 500:
            yield f"{least} may not {method} {route}: {status}"


def test_only_the_written_roles_get_past_each_door() -> None:
    knock = _Door()
    assert [fault for route in ROUTES for fault in _faults(route, knock)] == []


def test_few_addresses_are_open_to_everybody() -> None:
    """Log in, first set-up, the theme, and what says how REST works; the rest needs a name."""
    is_open = {route for route, methods in _table().items() if "nobody" in methods.values()}
    assert is_open == {
        *("login/", "setup/<str:code>/", "profile/appearance/"),
        *("api/v1/health", "api/v1/schema", "api/v1/docs", "api/v1/"),
    }


ADMIN = sorted({route for route in _routes(get_resolver()) if route.startswith("admin/")})


@pytest.mark.parametrize("role", ["nobody", "viewer", "operator"])
def test_djangos_admin_lets_administrators_in_alone(role: str) -> None:
    for route in ADMIN:
        if route.startswith(("admin/login/", "admin/logout/", "admin/jsi18n/")):
            continue
        path = re.sub(r"<[^>]+>", "1", f"/{route}")
        client = Client(raise_request_exception=False)
        if role != "nobody":
            client.force_login(PERSON_OF[role]())
        answer = client.get(path)
        assert answer.status_code in (302, 403, 404), path
        if answer.status_code == 302 and "admin/r/" not in path:
            away = ("/admin/login/", "/login/", "/admin/", "/profile/password/")
            assert answer["Location"].startswith(away), path
