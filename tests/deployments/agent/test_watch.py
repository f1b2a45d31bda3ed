"""Looking after model servers: every transition, by itself and cut off at every line."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from core.models import Revision
from deployments.agent import watch
from deployments.agent.watch import GATEWAYS_NOTICE, LONGEST_BACK_OFF, STEADY, stop_patience
from deployments.models import Deployment, ModelServer, Release
from tests.deployments.agent.conftest import Clock
from tests.deployments.agent.fake_runtime import FakeRuntime
from tests.factories import a_deployment, a_release, a_server

pytestmark = pytest.mark.django_db


def _starting(runtime: FakeRuntime) -> ModelServer:
    """Return the server of a release on its way, its process started."""
    row = a_deployment(status=Release.Status.STARTING)
    assert row.target is not None
    server = a_server(release=row.target)
    watch.look_after(runtime)
    server.refresh_from_db()
    return server


def _live(runtime: FakeRuntime, *, release: str = Release.Status.LIVE) -> ModelServer:
    """Return a live server; its release is live too unless it is said to be something else."""
    server = _starting(runtime)
    runtime.says(server, "ready")
    watch.look_after(runtime)
    Release.objects.filter(pk=server.release_id).update(status=release)
    Deployment.objects.update(current=server.release_id)
    server.refresh_from_db()
    assert server.status == "live"
    return server


def _looked(runtime: FakeRuntime, server: ModelServer, times: int = 1) -> ModelServer:
    for _ in range(times):
        watch.look_after(runtime)
    server.refresh_from_db()
    return server


def test_a_server_is_started_once_and_its_owner_kept(clock: Clock, runtime: FakeRuntime) -> None:
    server = _starting(runtime)
    assert (server.status, server.owner) == ("starting", runtime.of(server).owner)
    assert server.started == clock.now
    _looked(runtime, server, 3)
    assert runtime.starts == 1


def test_a_server_that_says_ready_is_live_and_gateways_are_told(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _starting(runtime)
    runtime.says(server, "load", "Loading.")
    assert _looked(runtime, server).status == "starting"
    before = Revision.current("routes")
    runtime.says(server, "ready")
    assert _looked(runtime, server).status == "live"
    assert server.live_since == clock.now
    assert Revision.current("routes") > before


def test_a_new_version_that_says_why_it_fails_has_failed(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _starting(runtime)
    runtime.says(server, "failed", "No module named 'xgboost'", "ModuleNotFoundError")
    server = _looked(runtime, server)
    assert server.status == "failed"
    assert server.problem == "ModuleNotFoundError: No module named 'xgboost'"
    assert (server.owner, runtime.alive) == ("", [])


def test_a_new_version_that_ends_without_a_word_is_known_by_its_last_line(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _starting(runtime)
    runtime.log_file(server).write_bytes(b"first\nSegmentation f\xffault\n\n  \n")
    runtime.dies(server)
    assert _looked(runtime, server).problem == "its last line was: Segmentation f\ufffdault"
    assert server.status == "failed"


def test_a_new_version_without_any_output_says_so(clock: Clock, runtime: FakeRuntime) -> None:
    server = _starting(runtime)
    runtime.dies(server)
    assert _looked(runtime, server).problem == "it wrote nothing"


def test_a_version_stuck_in_loading_is_ended_after_its_time(
    clock: Clock, runtime: FakeRuntime, settings: LazySettings
) -> None:
    settings.LOAD_TIMEOUT = timedelta(seconds=60)
    server = _starting(runtime)
    runtime.says(server, "load")
    clock.pass_(seconds=60)
    assert _looked(runtime, server).status == "starting"
    clock.pass_(seconds=1)
    assert _looked(runtime, server).status == "failed"
    assert server.problem == "The model had not loaded after 60 seconds (PORTAL_LOAD_TIMEOUT)."
    assert runtime.alive == []


def test_a_process_that_cannot_be_started_fails_its_release_alone(
    clock: Clock, runtime: FakeRuntime
) -> None:
    """A removed environment must not keep the agent from looking after the other models."""
    broken = a_deployment(name="broken", status=Release.Status.STARTING)
    healthy = a_deployment(name="healthy", status=Release.Status.STARTING)
    assert broken.target is not None
    assert healthy.target is not None
    first, second = a_server(release=broken.target), a_server(release=healthy.target)
    real = runtime.start

    def start(server: ModelServer) -> str:
        if server.pk == first.pk:
            raise FileNotFoundError(2, "No such file or directory", "/gone/bin/python")
        return real(server)

    runtime.start = start  # type: ignore[method-assign]
    _looked(runtime, second)
    first.refresh_from_db()
    assert first.status == "failed"
    assert "/gone/bin/python" in first.problem
    assert second.owner == runtime.of(second).owner


def test_only_so_many_load_at_a_time_and_the_next_begins_when_one_is_done(
    clock: Clock, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a restart of the machine all want to load, and their time to load has a limit."""
    monkeypatch.setattr(watch, "LOADING_AT_ONCE", 2)
    servers = []
    for number in range(4):
        row = a_deployment(name=f"wine-{number}", status=Release.Status.STARTING)
        assert row.target is not None
        servers.append(a_server(release=row.target))
    _looked(runtime, servers[0], 3)
    assert runtime.starts == 2
    runtime.says(servers[0], "ready")
    _looked(runtime, servers[0], 2)
    assert runtime.starts == 3
    runtime.says(servers[1], "failed")
    _looked(runtime, servers[1], 2)
    assert runtime.starts == 4


def test_a_live_server_that_ends_is_started_again_at_once(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _live(runtime)
    runtime.log_file(server).write_text("Killed\n")
    runtime.dies(server)
    before = Revision.current("routes")
    assert _looked(runtime, server).status == "restarting"
    assert Revision.current("routes") > before, "no request goes there meanwhile"
    assert _looked(runtime, server).status == "starting"
    _looked(runtime, server)
    runtime.says(server, "ready")
    assert _looked(runtime, server).status == "live"
    assert (runtime.starts, server.restarts, server.problem) == (2, 1, "")
    texts = [event.text for event in server.release.deployment.events.order_by("pk")]
    assert texts == [
        "The model server ended (its last line was: Killed); it is started again now.",
        "Version 1 answers again.",
    ]


def test_what_a_dead_process_left_behind_is_ended_before_the_next_start(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _live(runtime)
    runtime.dies(server, leaves=3)
    _looked(runtime, server)
    assert runtime.alive == []


def test_crashes_in_a_row_wait_longer_and_longer_and_never_give_up(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _live(runtime)
    waits = []
    for _ in range(9):
        runtime.dies(server)
        server = _looked(runtime, server)
        assert server.status == "restarting"
        waits.append((server.next_start - clock.now).total_seconds())
        if waits[-1]:
            assert _looked(runtime, server).status == "restarting", "not before its time"
        clock.pass_(seconds=waits[-1])
        _looked(runtime, server, 2)
    longest = LONGEST_BACK_OFF.total_seconds()
    assert waits == [min(2**n - 1, longest) for n in range(9)]


def test_a_crash_in_starting_again_waits_too_and_does_not_fail_the_release(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _live(runtime)
    runtime.dies(server)
    _looked(runtime, server, 3)
    runtime.says(server, "failed", "no memory", "MemoryError")
    server = _looked(runtime, server)
    assert (server.status, server.restarts) == ("restarting", 2)
    assert server.problem == "MemoryError: no memory"
    server.release.refresh_from_db()
    assert server.release.status == "live"


def test_after_a_steady_while_the_waits_begin_anew(clock: Clock, runtime: FakeRuntime) -> None:
    server = _live(runtime)
    ModelServer.objects.update(restarts=5)
    clock.pass_(seconds=STEADY.total_seconds() + 1)
    runtime.dies(server)
    server = _looked(runtime, server)
    assert (server.restarts, server.next_start) == (1, clock.now)


def test_a_server_whose_socket_was_removed_is_started_again(
    clock: Clock, runtime: FakeRuntime
) -> None:
    """It runs, and nobody can reach it."""
    server = _live(runtime)
    runtime.socket(server).unlink()
    assert _looked(runtime, server).status == "restarting"
    assert server.problem == "its socket was removed"
    assert runtime.alive == []


def test_a_server_that_one_prediction_keeps_busy_far_beyond_its_deadline_is_started_again(
    clock: Clock, runtime: FakeRuntime, settings: LazySettings
) -> None:
    settings.PREDICT_TIMEOUT = timedelta(seconds=10)
    server = _live(runtime)
    runtime.stuck = 20.0
    assert _looked(runtime, server).status == "live"
    runtime.stuck = 20.1
    assert _looked(runtime, server).status == "restarting"


def test_a_server_found_running_is_not_started_twice(clock: Clock, runtime: FakeRuntime) -> None:
    """The agent died after it started the process and before it wrote it down."""
    server = _starting(runtime)
    ModelServer.objects.update(owner="", started=None)
    assert _looked(runtime, server).owner == runtime.of(server).owner
    assert runtime.starts == 1


@pytest.mark.parametrize("status", ["failed", "replaced", "stopped"])
@pytest.mark.parametrize("begun", ["starting", "live", "restarting"])
def test_a_server_nobody_wants_is_asked_to_stop_and_cleaned_up(
    clock: Clock, runtime: FakeRuntime, status: str, begun: str
) -> None:
    server = _live(runtime, release=status) if begun != "starting" else _starting(runtime)
    Release.objects.update(status=status)
    if begun == "restarting":
        ModelServer.objects.update(status=begun)
    assert _looked(runtime, server).status == "stopping"
    assert _looked(runtime, server, 2).status == "stopped"
    assert (server.owner, runtime.alive) == ("", [])
    assert not runtime.socket(server).exists()


def test_the_old_server_stays_until_every_gateway_has_read_the_new_routes(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _live(runtime)
    Release.objects.update(status=Release.Status.DRAINING, drains_since=clock.now)
    clock.pass_(seconds=GATEWAYS_NOTICE.total_seconds() - 0.1)
    assert _looked(runtime, server).status == "live"
    clock.pass_(seconds=0.2)
    assert _looked(runtime, server).status == "stopping"


def test_a_server_that_does_not_stop_is_killed_once_no_prediction_can_be_in_flight(
    clock: Clock, runtime: FakeRuntime, settings: LazySettings
) -> None:
    settings.PREDICT_TIMEOUT = timedelta(seconds=90)
    server = _live(runtime, release="stopped")
    runtime.of(server).stops = False
    assert _looked(runtime, server, 3).status == "stopping"
    clock.pass_(seconds=91)
    assert _looked(runtime, server, 3).status == "stopping"
    assert "kill" not in runtime.calls
    clock.pass_(seconds=stop_patience().total_seconds() - 90)
    _looked(runtime, server)
    assert "kill" in runtime.calls
    assert _looked(runtime, server).status == "stopped"
    assert runtime.alive == []


def test_children_of_a_server_that_stopped_are_ended_as_well(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _live(runtime, release="stopped")
    runtime.of(server).group = 4
    assert _looked(runtime, server, 4).status == "stopped"
    assert runtime.alive == []


@pytest.mark.parametrize(("wanted", "end"), [(True, "replaced"), (False, "stopped")])
def test_a_drained_release_ends_with_its_last_server(
    clock: Clock, runtime: FakeRuntime, wanted: bool, end: str
) -> None:
    server = _live(runtime)
    row = server.release.deployment
    Deployment.objects.filter(pk=row.pk).update(wanted=wanted)
    Release.objects.update(
        status=Release.Status.DRAINING, drains_since=clock.now - timedelta(minutes=1)
    )
    _looked(runtime, server, 4)
    row.refresh_from_db()
    release = Release.objects.get()
    assert (release.status, row.current) == (end, None)
    assert release.ended is not None


def test_the_end_of_an_old_release_leaves_the_current_one(
    clock: Clock, runtime: FakeRuntime
) -> None:
    server = _live(runtime)
    row = server.release.deployment
    newer = a_release(deployment=row, version="2", status=Release.Status.LIVE)
    Deployment.objects.update(current=newer)
    Release.objects.filter(pk=server.release_id).update(
        status=Release.Status.DRAINING, drains_since=clock.now - timedelta(minutes=1)
    )
    _looked(runtime, server, 4)
    row.refresh_from_db()
    assert row.current == newer
    newer.refresh_from_db()
    assert newer.status == "live"


def test_a_failed_version_leaves_the_one_that_serves(clock: Clock, runtime: FakeRuntime) -> None:
    old = _live(runtime)
    newer = a_release(deployment=old.release.deployment, version="2", status="starting")
    new = a_server(release=newer)
    _looked(runtime, new)
    runtime.says(new, "failed", "broken", "ValueError")
    assert _looked(runtime, new, 3).status == "failed"
    old.refresh_from_db()
    assert old.status == "live"
    assert runtime.alive == [old.pk]


def test_servers_of_other_nodes_are_left_to_their_agents(
    clock: Clock, runtime: FakeRuntime
) -> None:
    row = a_deployment(status=Release.Status.STARTING)
    assert row.target is not None
    server = a_server(release=row.target, node="elsewhere")
    assert _looked(runtime, server, 3).owner == ""
    assert runtime.calls == []


# ---- killed at any line ----------------------------------------------------------------------


class _Killed(BaseException):
    """The agent is gone."""


def _begin(runtime: FakeRuntime, clock: Clock) -> ModelServer:
    row = a_deployment(status=Release.Status.STARTING)
    assert row.target is not None
    return a_server(release=row.target)


def _crash(runtime: FakeRuntime, clock: Clock) -> ModelServer:
    server = _live(runtime)
    runtime.dies(server, leaves=2)
    return server


def _stop(runtime: FakeRuntime, clock: Clock) -> ModelServer:
    server = _live(runtime, release="stopped")
    runtime.of(server).group = 2
    return server


def _drain(runtime: FakeRuntime, clock: Clock) -> ModelServer:
    server = _live(runtime)
    past = clock.now - timedelta(minutes=1)
    Release.objects.update(status=Release.Status.DRAINING, drains_since=past)
    return server


@pytest.mark.parametrize(
    ("scenario", "end", "alive"),
    [(_begin, "live", 1), (_crash, "live", 1), (_stop, "stopped", 0), (_drain, "stopped", 0)],
)
def test_an_agent_killed_at_any_line_is_gone_on_from_by_the_next(
    clock: Clock,
    runtime: FakeRuntime,
    monkeypatch: pytest.MonkeyPatch,
    scenario: Callable[[FakeRuntime, Clock], ModelServer],
    end: str,
    alive: int,
) -> None:
    """At each call of the runtime and each write in turn, before it and after it."""
    point, cuts = 0, 0
    while True:
        point += 1
        Deployment.objects.all().delete()
        runtime.processes.clear()
        server = scenario(runtime, clock)
        was_cut = _cut_at(point, runtime, monkeypatch, lambda server=server: _pass(runtime, server))
        for _ in range(10):
            _pass(runtime, server)
        server.refresh_from_db()
        assert server.status == end, f"cut at {point}"
        assert len(runtime.alive) == alive, f"cut at {point}"
        if not was_cut:
            break
        cuts += 1
    assert cuts >= 6


def _pass(runtime: FakeRuntime, server: ModelServer) -> None:
    """Look once; a process that was started says that it is ready."""
    watch.look_after(runtime)
    process = runtime.processes.get(server.pk)
    if process and process.alive and not process.steps:
        runtime.says(server, "ready")


def _cut_at(
    point: int,
    runtime: FakeRuntime,
    monkeypatch: pytest.MonkeyPatch,
    act: Callable[[], None],
) -> bool:
    """Repeat `act` as an agent killed at its `point`-th step; say whether it came to that."""
    left = point

    def step(_: str = "") -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise _Killed

    def cut(real: Callable[..., Any]) -> Callable[..., Any]:
        def around(*args: Any, **kwargs: Any) -> Any:
            step()
            result = real(*args, **kwargs)
            step()
            return result

        return around

    with monkeypatch.context() as patch:
        for name in ("try_move", "_set", "note"):
            patch.setattr(watch, name, cut(getattr(watch, name)))
        for name in ("start", "kill", "ask_to_stop", "clean_up"):
            patch.setattr(runtime, name, cut(getattr(runtime, name)))
        try:
            for _ in range(6):
                act()
        except _Killed:
            return True
    return False
