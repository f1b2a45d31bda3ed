"""Traffic of one deployment, and of several together."""

from deployments.traffic import Traffic


def test_without_requests_nothing_is_known() -> None:
    silence = Traffic()
    assert (silence.requests, silence.p50, silence.p95, silence.answered_share) == (
        *(0, None, None),
        None,
    )


def test_the_traffic_of_several_deployments_adds_up() -> None:
    one = Traffic(by_hour=(1,) * 24, failed=1, latencies={0: 20, 5: 4})
    two = Traffic(by_hour=(2,) * 24, failed=2, latencies={5: 40, 9: 8})
    both = one + two
    assert both == Traffic(by_hour=(3,) * 24, failed=3, latencies={0: 20, 5: 44, 9: 8})
    assert one == Traffic(by_hour=(1,) * 24, failed=1, latencies={0: 20, 5: 4})
    assert both.requests == 72


def test_a_percentile_is_the_first_step_that_enough_requests_do_not_exceed() -> None:
    found = Traffic(latencies={0: 95, 10: 5})
    assert found.p95 == 1.0
    assert round(found.percentile(0.96) or 0, 3) == round(1.1**10, 3)
