"""The real program as a child process, with real models, over its socket."""

import asyncio
import json
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from modelserver.client import ModelClient, ModelServerDown, call
from tests.modelserver.conftest import Pair, Saved, Served
from tests.modelserver.models import COLUMNS, data

# MLflow and its libraries warn about themselves; what they warn about is not under test.
pytestmark = [pytest.mark.live, pytest.mark.filterwarnings("ignore")]

Fleet = dict[str, Served]


@pytest.fixture(scope="module")
def fleet(
    saved: Saved, serve: Callable[..., Served], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    """All servers of this module, started side by side because importing MLflow takes long."""
    folder = tmp_path_factory.mktemp("fleet")
    (folder / "bad.json").write_text(
        '{"dataframe_split": {"columns": ["act"], "data": [["raise no"]]}}'
    )
    yield {
        "forest": serve(saved("forest")),
        "actor": serve(saved("actor")),
        "failing": serve(saved("actor"), "--example", str(folder / "bad.json")),
    }


@pytest.fixture
def forest(fleet: Fleet) -> Served:
    fleet["forest"].wait_until_started()
    return fleet["forest"]


@pytest.fixture
def actor(fleet: Fleet) -> Served:
    fleet["actor"].wait_until_started()
    return fleet["actor"]


def act(*acts: str) -> dict[str, object]:
    return {"dataframe_split": {"columns": ["act"], "data": [[one] for one in acts]}}


def test_the_progress_file_tells_each_step_with_its_seconds(forest: Served) -> None:
    lines = forest.progress()
    assert [line["step"] for line in lines] == ["import", "load", "example", "ready"]
    assert lines[2]["message"] == "The model answered its input example."
    assert all(line["seconds"] >= 0 and line["time"].endswith("+00:00") for line in lines)
    assert lines[0]["seconds"] + lines[1]["seconds"] <= lines[3]["seconds"] + 0.01
    assert {"time", "step", "seconds", "message", "error_type", "trace"} == set(lines[0])


def test_a_model_without_an_example_says_so(actor: Served) -> None:
    assert actor.progress()[2]["message"].startswith("The model has no input example")


def test_the_socket_is_for_its_owner_alone(forest: Served) -> None:
    assert stat.S_IMODE(forest.socket.stat().st_mode) == 0o600


async def test_concurrent_requests_are_answered_as_by_mlflow(
    forest: Served, pair: Callable[[str], Pair]
) -> None:
    rows = data(40)[0].to_numpy().tolist()
    bodies = [
        json.dumps({"dataframe_split": {"columns": COLUMNS, "data": rows[n : n + 3]}}).encode()
        for n in range(0, 37)
    ]
    expected = [
        await asyncio.to_thread(pair("forest").reference, b, "application/json") for b in bodies
    ]
    client = ModelClient(forest.socket)
    answers = await asyncio.gather(
        *(
            client.request("invocations", content_type="application/json", body=body, timeout=30)
            for body in bodies
        )
    )
    await client.aclose()
    assert [answer.body for answer in answers] == [answer.content for answer in expected]
    assert {answer.status for answer in answers} == {200}


def test_describe_tells_signature_versions_size_and_example(forest: Served) -> None:
    told = call(forest.socket, "describe").json()
    assert [column["name"] for column in told["signature"]["inputs"]] == COLUMNS
    assert told["signature"]["outputs"][0]["type"] == "tensor"
    assert told["signature"]["params"] is None
    assert told["flavors"]["sklearn"] and told["flavors"]["python_function"]
    assert told["mlflow_version"] == told["saved_with"]
    assert told["python_version"] == sys.version.split()[0]
    assert told["size_bytes"] > 1000
    assert forest.ask(json.loads(told["example"])).status == 200


def test_one_warning_filter_is_left_in_the_process(actor: Served) -> None:
    answer = actor.ask(act("filters"))
    assert json.loads(answer.body)["predictions"] == ["1"]


def test_a_model_that_writes_to_stdout_writes_to_the_log_alone(actor: Served) -> None:
    answer = actor.ask(act("print a grape"))
    assert json.loads(answer.body) == {"predictions": ["print a grape"]}
    log = actor.log()
    for line in ("loaded: printed", "model says a grape", "model complains a grape", "straight to"):
        assert line in log


@pytest.mark.parametrize("module", ["core", "server", "frames", "modelserver.core", "gateway"])
def test_a_model_can_import_nothing_of_the_portal(actor: Served, module: str) -> None:
    answer = actor.ask(act(f"import {module}"))
    assert answer.status == 422
    assert f"No module named '{module}'" in answer.json()["message"]


def test_no_folder_of_the_portal_is_on_the_models_path(actor: Served) -> None:
    entries = json.loads(actor.ask(act("path")).body)["predictions"]
    portal = str(Path(__file__).resolve().parents[2])
    assert entries
    assert not [e for e in entries if e.strip("'") in (portal, f"{portal}/modelserver", "")]


def test_what_the_model_raises_is_answered_and_logged_without_the_input(actor: Served) -> None:
    answer = actor.ask(act("raise the secret grape"))
    assert (answer.status, answer.json()["message"]) == (
        422,
        "The model raised ValueError: the secret grape",
    )
    assert "The model raised ValueError on an input" in actor.log()
    assert "the secret grape" not in actor.log()


async def test_ping_and_deadlines_are_kept_while_the_model_sleeps(actor: Served) -> None:
    client = ModelClient(actor.socket)

    async def run(body: str, timeout: float) -> int:
        encoded = json.dumps(act(body)).encode()
        kind = "application/json"
        answer = await client.request(
            "invocations", content_type=kind, body=encoded, timeout=timeout
        )
        return answer.status

    sleeping = asyncio.create_task(run("sleep 0.6", 0.2))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(run("late", 0.1))
    behind = asyncio.create_task(run("behind", 5))
    await asyncio.sleep(0.05)
    state = (await client.request("ping", timeout=1)).json()
    assert state["busy_ms"] > 50 and state["queued"] == 2
    assert await asyncio.gather(sleeping, waiting, behind) == [504, 504, 200]
    await client.aclose()


def test_a_large_answer_comes_whole(actor: Served) -> None:
    answer = actor.ask(act("big 5000000"))
    assert len(answer.body) == 5_000_000 + len('{"predictions": [""]}')


def test_a_start_whose_example_fails_ends_with_3_and_says_why(fleet: Fleet) -> None:
    failing = fleet["failing"]
    failing.wait_until_started()
    assert failing.process.wait(10) == 3
    last = failing.progress()[-1]
    assert (last["step"], last["during"], last["error_type"]) == (
        "failed",
        "example",
        "ExampleFailed",
    )
    assert "The model raised ValueError: no" in last["message"]
    assert "Traceback" in last["trace"]
    assert last["message"] in failing.log()
    assert not failing.socket.exists()


def test_sigterm_finishes_what_is_in_flight_and_leaves_nothing(fleet: Fleet) -> None:
    """Runs last: it ends both servers."""
    actor, forest = fleet["actor"], fleet["forest"]
    actor.wait_until_started()

    async def stop_while_it_runs() -> int:
        client = ModelClient(actor.socket)
        encoded = json.dumps(act("sleep 0.4")).encode()
        running = asyncio.create_task(
            client.request("invocations", content_type="application/json", body=encoded, timeout=9)
        )
        await asyncio.sleep(0.1)
        os.kill(actor.process.pid, signal.SIGTERM)
        await asyncio.sleep(0.1)
        with pytest.raises(ModelServerDown, match="stopping") as down:
            await client.request("invocations", timeout=1)
        assert down.value.sent is False
        return (await running).status

    assert asyncio.run(stop_while_it_runs()) == 200
    forest.process.terminate()
    for served in (actor, forest):
        assert served.process.wait(5) == 0
        assert not served.socket.exists()
        with pytest.raises(ModelServerDown):
            call(served.socket, "ping")
