"""Jobs of monitoring: asked for by services, run by the worker, each safe to repeat."""

from datetime import timedelta

import pytest
from django.utils import timezone

from core import timerange
from core.jobs.kinds import kind
from core.models import AuditEntry, Job
from deployments.models import ModelServer
from monitoring import selectors, services
from monitoring.models import Baseline, Check
from monitoring.services import request_missing_baselines as look
from tests import factories
from tests.monitoring import world
from tests.monitoring.world import INPUTS, TARGET

pytestmark = pytest.mark.django_db

TRAINING = world.wine(120, seed=1)


@pytest.fixture
def model(monkeypatch):
    return world.install(monkeypatch, world.a_classifier(TRAINING).predict)


@pytest.fixture
def wine(model):
    world.a_watched_version(frame=TRAINING)
    return world.a_watched_deployment()


def test_every_job_that_is_asked_for_exists():
    from monitoring.services import requests

    for name in (requests.BASELINE, requests.CHECK, requests.BUNDLE, requests.EVALUATE):
        assert kind(name).title
    assert kind("monitoring.check_all").title


def test_the_look_out_builds_the_baseline_of_a_live_version_once(wine, run_jobs):
    look()
    look()
    [job] = Job.objects.all()
    assert (job.kind, job.trigger, job.subject) == ("monitoring.baseline", "system", "model:wine/1")
    [done] = run_jobs()
    assert done.status == "succeeded"
    assert Baseline.objects.get().report["metrics"] is not None
    look()
    assert Job.objects.count() == 1


def test_the_look_out_leaves_what_is_not_live_here_alone(wine):
    ModelServer.objects.update(node="elsewhere")
    look()
    ModelServer.objects.update(node="testnode", status=ModelServer.Status.RESTARTING)
    look()
    assert not Job.objects.exists()


def test_the_look_out_sees_a_new_training_set(wine, run_jobs):
    look()
    run_jobs()
    version = Baseline.objects.get().version
    world.a_training_set(version, world.wine(60, seed=2))
    look()
    run_jobs()
    assert Baseline.objects.get(is_current=True).rows == 60


def test_the_look_out_betters_a_baseline_that_was_built_before_the_model_was_live(
    wine, model, run_jobs
):
    model.down = True
    look()
    run_jobs()
    assert not Baseline.objects.get().asked_model
    look()
    assert Job.objects.count() == 1, "it was tried a moment ago"
    model.down = False
    ModelServer.objects.update(live_since=timezone.now())
    look()
    run_jobs()
    assert Baseline.objects.get().asked_model


def test_the_look_out_waits_after_a_failure(wine, monkeypatch, run_jobs):
    failed = factories.a_job(
        kind="monitoring.baseline",
        subject="model:wine/1",
        status=Job.Status.FAILED,
        finished=timezone.now(),
    )
    look()
    assert Job.objects.count() == 1
    Job.objects.filter(pk=failed.pk).update(finished=timezone.now() - timedelta(minutes=11))
    look()
    assert Job.objects.count() == 2


def test_a_baseline_that_cannot_be_built_is_not_tried_again_and_again(model, run_jobs):
    world.a_watched_version(frame=TRAINING.add_prefix("old_"))
    world.a_watched_deployment()
    look()
    run_jobs()
    assert Baseline.objects.get().problem
    look()
    assert Job.objects.count() == 1


def test_a_check_is_asked_for_and_run(wine, olga, run_jobs):
    world.answered(wine, TRAINING[INPUTS], TRAINING[TARGET].to_numpy())
    services.request_check(deployment=wine, span=timerange.named("month"), actor=olga)
    [job] = run_jobs()
    check = Check.objects.get()
    assert job.result == {"check": check.pk, "status": check.status}
    assert (check.window, check.actor, check.trigger, check.rows) == ("month", olga, "user", 120)


def test_a_range_from_to_survives_the_way_to_the_worker(wine, run_jobs):
    span = timerange.parse({"from": "2026-03-01T12:00+01:00", "to": "2026-03-05"})
    services.request_check(deployment=wine, span=span)
    run_jobs()
    check = Check.objects.get()
    assert (check.start, check.end, check.window) == (span.start, span.end, "")


def test_the_schedule_checks_every_live_deployment_over_the_watched_window(wine, run_jobs):
    world.a_watched_version(name="gone")
    world.a_watched_deployment(name="gone", wanted=False)
    world.a_watched_version(name="coming")
    world.a_watched_deployment(name="coming", status="building")
    factories.a_job(kind="monitoring.check_all", trigger="schedule")
    jobs = run_jobs()
    assert [job.kind for job in jobs] == ["monitoring.check_all", "monitoring.check"]
    assert jobs[0].result["checks"] == 1
    check = Check.objects.get()
    assert (check.deployment, check.window, check.trigger) == (wine, "week", "schedule")


def test_asking_for_a_baseline_is_written_down(wine, olga, run_jobs):
    version = selectors.version_of(wine)
    services.request_baseline(version=version, actor=olga)
    [job] = run_jobs()
    assert job.result["rows"] == 120
    entry = AuditEntry.objects.get(action="asked for the baseline of")
    assert (entry.who, entry.object) == ("olga", "model:wine/1")


def test_jobs_about_what_is_gone_end_quietly(db, run_jobs):
    factories.a_job(kind="monitoring.baseline", arguments={"version": 0})
    factories.a_job(kind="monitoring.check", arguments={"deployment": 0, "window": "week"})
    assert {job.status for job in run_jobs()} == {"succeeded"}
