"""What every test is given: a closed network, people, their clients, and jobs that run inline."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from core import jobs
from core.models import Job
from tests import network, people

Api = Callable[..., APIClient]
RunJobs = Callable[..., list[Job]]


@pytest.fixture(autouse=True)
def closed_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse every connection out of the test's own process, except for tests marked live."""
    if request.node.get_closest_marker("live"):
        yield
        return
    with network.closed():
        yield


@pytest.fixture
def ada(db: None) -> User:
    """Return the administrator."""
    return people.ada()


@pytest.fixture
def olga(db: None) -> User:
    """Return the operator."""
    return people.olga()


@pytest.fixture
def vera(db: None) -> User:
    """Return the viewer."""
    return people.vera()


@pytest.fixture
def otto(db: None) -> User:
    """Return the operator whose account is disabled."""
    return people.otto()


@pytest.fixture
def as_ada(ada: User) -> Client:
    """Return Ada's browser, logged in."""
    return _browser(ada)


@pytest.fixture
def as_olga(olga: User) -> Client:
    """Return Olga's browser, logged in."""
    return _browser(olga)


@pytest.fixture
def as_vera(vera: User) -> Client:
    """Return Vera's browser, logged in."""
    return _browser(vera)


@pytest.fixture
def as_nobody(db: None) -> Client:
    """Return the browser of somebody who is not logged in."""
    return Client()


@pytest.fixture
def api(db: None) -> Api:
    """Return `api(person, *scopes)`: a REST client with a token; without a person, without one."""

    def client_of(person: User | None = None, *scopes: str) -> APIClient:
        client = APIClient()
        if person is not None:
            secret = people.token_of(person, *(scopes or ("admin",)))
            client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
        return client

    return client_of


@pytest.fixture
def run_jobs(db: None) -> RunJobs:
    """Return `run_jobs(*kinds)`: runs what is due here and now, until nothing is; the rows."""

    def run(*kinds: str) -> list[Job]:
        done: list[Job] = []
        while due := _due(kinds):
            done += [row for pk in due if (row := jobs.run(pk)) is not None]
        return done

    return run


def _due(kinds: tuple[str, ...]) -> list[str]:
    rows = Job.objects.filter(status=Job.Status.QUEUED, due__lte=timezone.now())
    if kinds:
        rows = rows.filter(kind__in=kinds)
    return [str(pk) for pk in rows.order_by("created").values_list("pk", flat=True)]


def _browser(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture(scope="session", autouse=True)
def folders_of_the_data_folder() -> None:
    """Make what `manage.py setup` makes."""
    from mlopsportal.management.commands.setup import make_data_folder

    assert str(settings.DATA).startswith("/tmp/portal-tests-"), settings.DATA
    make_data_folder()
