"""What every test is given: a closed network, people, their clients, and jobs that run inline."""

import gc
from collections.abc import Callable, Generator, Iterator

import hypothesis
import pytest
from asgiref.sync import SyncToAsync
from django.conf import settings
from django.contrib.contenttypes.management import create_contenttypes
from django.contrib.contenttypes.models import ContentType
from django.db import connections
from django.db.models.signals import post_migrate
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from accounts.models import User
from core import jobs
from core.models import Job
from tests import network, people
from tests.registry.fixtures import mlflow, mlflow_place

# `make test-live` looks at more: it runs with --hypothesis-profile=thorough.
hypothesis.settings.register_profile("quick", max_examples=15)
hypothesis.settings.register_profile("thorough", max_examples=100)
hypothesis.settings.load_profile("quick")

__all__ = ["mlflow", "mlflow_place"]

Api = Callable[..., APIClient]
RunJobs = Callable[..., list[Job]]


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Keep what imports leave, half a million objects, out of every garbage collection.

    Nor need there be one for each 700 objects: a test leaves little that lives in cycles.
    """
    gc.disable()
    outcome = yield
    gc.freeze()
    gc.set_threshold(50_000)
    gc.enable()
    return outcome


@pytest.fixture(autouse=True)
def closed_network(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse every connection out of the test's own process, except for tests marked live."""
    if request.node.get_closest_marker("live"):
        yield
        return
    with network.closed():
        yield


@pytest.fixture(autouse=True)
def fresh_content_types() -> None:
    """Forget the ids of content types: those of a test before are gone with its rows."""
    ContentType.objects.clear_cache()


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
def quick_flush(django_db_setup: None) -> None:
    """Leave out what Django does after each flush: nothing here asks for its permissions."""
    post_migrate.disconnect(dispatch_uid="django.contrib.auth.management.create_permissions")
    post_migrate.disconnect(create_contenttypes)


@pytest.fixture(scope="session", autouse=True)
def no_connection_of_threads(django_db_setup: None) -> Iterator[None]:
    """Close at the end what asynchronous tests opened in asgiref's thread: PostgreSQL minds."""
    yield
    SyncToAsync.single_thread_executor.submit(connections.close_all).result()


@pytest.fixture(scope="session", autouse=True)
def folders_of_the_data_folder() -> None:
    """Make what `manage.py setup` makes."""
    from mlopsportal.management.commands.setup import make_data_folder

    assert settings.DATA.name.startswith("portal-tests-"), settings.DATA
    make_data_folder()
