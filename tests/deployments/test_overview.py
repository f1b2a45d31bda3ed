"""What the pages show of deployments at a glance."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from deployments import overview, selectors
from deployments.models import DeploymentEvent, Environment
from deployments.traffic import Traffic
from tests.factories import a_deployment, a_release

pytestmark = pytest.mark.django_db


def the_environment() -> Environment:
    return Environment.objects.create(
        node="testnode", digest="a" * 64, python_version="3.11.7", lock="", status="ready"
    )


def states_of(**fields: object) -> list[str]:
    """Return the states of the steps of a release with `fields`."""
    row = a_deployment(name="wine", status="pending")
    release = a_release(deployment=row, **fields)
    return [step.state for step in overview.steps(release, events=[])]


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("pending", ["now", "todo", "todo", "todo"]),
        ("building", ["done", "now", "todo", "todo"]),
        ("starting", ["done", "done", "now", "todo"]),
        ("live", ["done", "done", "done", "now"]),
        ("failed", ["done", "failed", "todo", "todo"]),
    ],
)
def test_steps_are_done_as_far_as_the_release_is(status: str, states: list[str]) -> None:
    assert states_of(status=status) == states


def test_a_release_that_had_an_environment_failed_at_its_start() -> None:
    states = states_of(status="failed", environment=the_environment())
    assert states == ["done", "done", "failed", "todo"]


def test_the_step_under_way_says_what_was_written_last() -> None:
    row = a_deployment(name="wine", status="building")
    for text in ("Finding versions.", "Installing 61 packages."):
        DeploymentEvent.objects.create(deployment=row, release=row.target, text=text)
    steps = overview.standing(row).steps
    assert [step.detail for step in steps] == ["", "Installing 61 packages.", "", ""]


def titles_of(strip: str) -> list[str]:
    """Return what the days of a strip say."""
    return re.findall(r"<title>(.*?)</title>", strip)


def test_days_are_live_not_deployed_or_at_fault() -> None:
    row = a_deployment(name="wine", status="failed")
    today = date(2026, 11, 23)
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    a_release(
        deployment=row,
        status="replaced",
        went_live=noon - timedelta(days=4),
        ended=noon - timedelta(days=2),
    )
    for days in (3, 3, 1):
        DeploymentEvent.objects.create(
            deployment=row, tone="bad", text="It ended.", time=noon - timedelta(days=days)
        )
    strip = overview.days(row, count=6, today=today)
    assert titles_of(strip) == [
        "2026-11-18: not deployed",
        "2026-11-19: live",
        "2026-11-20: live, 2 faults",
        "2026-11-21: live",
        "2026-11-22: not live, 1 fault",
        "2026-11-23: not deployed",
    ]


def test_a_release_that_serves_is_live_until_today() -> None:
    row = a_deployment(name="wine")
    row.releases.update(went_live=timezone.now() - timedelta(days=200))
    titles = titles_of(overview.days(row))
    assert len(titles) == overview.DAYS
    assert all(title.endswith(": live") for title in titles)


def test_a_release_that_is_coming_is_shown_beside_the_one_that_serves() -> None:
    alone = a_deployment(name="alone")
    both = a_deployment(name="both")
    both.target = a_release(deployment=both, version="2", status="building")
    both.save()
    lines = overview.lines(selectors.search())
    assert [(line.row.name, line.coming) for line in lines] == [
        ("alone", None),
        ("both", both.target),
    ]
    assert lines[0].release == alone.current
    assert lines[1].release == both.current


def test_the_hour_that_has_only_begun_is_drawn_only_when_it_is_all_there_is() -> None:
    only_now = overview.spark_of(Traffic(by_hour=(0,) * 23 + (5,)), label="requests")
    assert len(titles_of(only_now)) == 24
    before = overview.spark_of(Traffic(by_hour=(0,) * 22 + (7, 5)), label="requests")
    assert [title.rpartition(": ")[2] for title in titles_of(before)] == ["0"] * 22 + ["7"]
    assert titles_of(overview.spark_of(Traffic(), label="requests")) == []


def test_a_coming_release_unsettles_the_page_though_the_old_one_serves() -> None:
    row = a_deployment(name="wine")
    assert overview.standing(row).is_settled
    row.target = a_release(deployment=row, version="2", status="starting")
    row.save()
    assert not overview.standing(selectors.deployment("wine")).is_settled
