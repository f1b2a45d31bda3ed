"""How much deployments are asked: what the gateway answers to the deployments' question."""

import random
from datetime import timedelta

import numpy as np
import pytest
from django.conf import settings
from django.db import connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from deployments.traffic import HOURS, traffic
from tests.factories import a_prediction

pytestmark = pytest.mark.django_db


def test_requests_are_counted_by_clock_hour_the_present_one_last() -> None:
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    for hours, count in ((0, 1), (3, 2), (23, 1)):
        for _ in range(count):
            a_prediction(time=this_hour - timedelta(hours=hours))
    a_prediction(time=this_hour - timedelta(hours=23, microseconds=1))
    found = traffic(["wine"])["wine"]
    expected = [0] * HOURS
    expected[-1], expected[-4], expected[0] = 1, 2, 1
    assert list(found.by_hour) == expected
    assert found.requests == 4


def test_a_request_of_a_clock_that_runs_ahead_counts_in_this_hour() -> None:
    a_prediction(time=timezone.now() + timedelta(hours=2))
    assert traffic(["wine"])["wine"].by_hour[-1] == 1


def test_only_those_deployments_are_counted_that_were_named_and_asked() -> None:
    a_prediction(deployment="wine")
    a_prediction(deployment="taxi")
    assert list(traffic(["wine", "silent"])) == ["wine"]


def test_what_failed_on_our_side_is_counted_apart() -> None:
    for status in (200, 200, 400, 503):
        a_prediction(status=status)
    found = traffic(["wine"])["wine"]
    assert found.failed == 1
    assert found.answered_share == 0.75


def test_percentiles_are_those_of_numpy_within_half_a_step() -> None:
    seed = random.randrange(2**32)
    latencies = np.random.default_rng(seed).lognormal(2.5, 1.0, 400)
    for latency in latencies:
        a_prediction(total_ms=float(latency))
    found = traffic(["wine"])["wine"]
    for share, ours in ((0.5, found.p50), (0.95, found.p95), (0.99, found.percentile(0.99))):
        true = np.quantile(latencies, share, method="inverted_cdf")
        assert ours == pytest.approx(true, rel=0.051), f"seed {seed}"


def test_an_answer_in_no_time_has_a_latency() -> None:
    a_prediction(total_ms=0.0)
    found = traffic(["wine"])["wine"]
    assert found.p95 == pytest.approx(0.01, rel=0.05)


def test_traffic_reads_counts_and_no_prediction() -> None:
    for _ in range(20):
        a_prediction()
    traffic(["wine"])
    with CaptureQueriesContext(connections[settings.PREDICTIONS_DATABASE]) as asked:
        assert traffic(["wine"])["wine"].requests == 20
    read = [query["sql"] for query in asked if "gateway_requestcount" in query["sql"]]
    assert len(read) == 1
    assert not any("gateway_prediction" in query["sql"] for query in asked)
