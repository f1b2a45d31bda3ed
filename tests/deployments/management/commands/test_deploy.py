"""`manage.py deploy` and `undeploy`: what is asked for, and what is refused in one sentence."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from core.commands import PortalCommand
from deployments.models import Deployment
from tests.factories import LONG_AGO, a_deployment, a_model, a_version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """No agent runs here that would end the job."""
    monkeypatch.setattr(PortalCommand, "follow", lambda self, job, *, quiet: job)


@pytest.fixture
def wine() -> None:
    """Two versions; `champion` is the older."""
    a_version(model="wine", version="9")
    a_version(model="wine", version="10", created=LONG_AGO + timedelta(days=1))
    model = a_model(name="wine")
    model.aliases = {"champion": "9"}
    model.save()


def _call(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.usefixtures("wine")
@pytest.mark.parametrize(
    ("reference", "version", "alias"),
    [("wine", "10", ""), ("wine/9", "9", ""), ("wine@champion", "9", "champion")],
)
def test_a_version_an_alias_or_the_newest_is_deployed(
    reference: str, version: str, alias: str
) -> None:
    said = json.loads(_call("deploy", reference, "--name", "cellar", "--json"))
    row = Deployment.objects.get(name="cellar")
    assert row.target is not None
    assert (row.target.version, row.alias, said["name"]) == (version, alias, "cellar")


@pytest.mark.usefixtures("wine")
def test_a_name_that_serves_gets_another_version() -> None:
    a_deployment(name="wine")
    _call("deploy", "wine/10")
    row = Deployment.objects.get()
    assert row.target is not None
    assert row.target.version == "10"


@pytest.mark.usefixtures("wine")
@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("wine/", "'wine/' is not MODEL, MODEL/VERSION or MODEL@ALIAS"),
        ("wine@", "is not MODEL"),
        ("wine/ten", "is not MODEL"),
        ("beer", "no registered model 'beer'"),
        ("wine/11", "no version '11'. It has 10, 9."),
        ("wine@best", "no alias 'best'. Its aliases: champion."),
    ],
)
def test_what_cannot_be_deployed_is_named(reference: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        _call("deploy", reference)
    assert not Deployment.objects.exists()


def test_a_model_without_a_version_is_named() -> None:
    a_model(name="empty")
    with pytest.raises(CommandError, match="'empty' has no version"):
        _call("deploy", "empty")


def test_an_unknown_name_cannot_be_undeployed() -> None:
    with pytest.raises(CommandError, match="no deployment 'beer'"):
        _call("undeploy", "beer")
