"""A switch of version under a slow prediction: who asked before it is answered all the same."""

import textwrap
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.portal import RunningPortal
from tests.e2e.registering import run_with_mlflow, standard_requirements

pytestmark = [pytest.mark.live, pytest.mark.e2e]

SECONDS = 45
"""Longer than a model server was once given to stop (10 s, and 15 s until it was killed)."""

_PROGRAM = """
import pickle, sys, tempfile, pathlib
import mlflow
job = pickle.load(open(sys.argv[1], "rb"))
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "model.py").write_text(job["code"])
for _ in range(2):
    with mlflow.start_run():
        mlflow.pyfunc.log_model(
            name="model", python_model=str(folder / "model.py"), registered_model_name="sleepy",
            pip_requirements=job["requirements"],
        )
"""

_CODE = textwrap.dedent(
    """
    import time
    import mlflow
    class Sleepy(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            seconds = float(model_input.iloc[0, 0])
            time.sleep(seconds)
            return [seconds]
    mlflow.models.set_model(Sleepy())
    """
)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a portal of its own, where version 1 of `sleepy` is live; there is another."""
    running = RunningPortal(tmp_path_factory.mktemp("s") / "data", PORTAL_PREDICT_TIMEOUT="90s")
    running.manage("setup")
    running.start()
    token = running.token("admin")
    run_with_mlflow(
        running, token, _PROGRAM, {"code": _CODE, "requirements": standard_requirements()}
    )
    with running.client(token) as made:
        there = "/api/v1/models/sleepy/versions/2"
        running.wait_for(lambda: made.get(there).is_success, seconds=30)
        made.post("/api/v1/deployments?wait=60", json={"model": "sleepy", "version": "1"})
        running.wait_for(lambda: _serves(made) == "1", seconds=180)
        yield made
    running.stop()


def _serves(client: httpx.Client) -> str:
    found = client.get("/api/v1/deployments/sleepy").json()
    return str(found["version"]) if found["status"] == "live" else ""


def _predict(client: httpx.Client, seconds: float) -> httpx.Response:
    body = {"dataframe_split": {"columns": ["seconds"], "data": [[seconds]]}}
    return client.post("/models/sleepy/invocations", json=body)


def test_a_prediction_in_flight_is_answered_by_the_version_it_was_asked_of(
    client: httpx.Client,
) -> None:
    slow: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: slow.append(_predict(client, SECONDS)))
    asking.start()
    time.sleep(0.5)
    client.patch("/api/v1/deployments/sleepy?wait=60", json={"version": "2"})
    assert _serves(client) == "2"
    time.sleep(1)  # every gateway has read the new routes
    new = _predict(client, 0)
    assert not slow, "the switch took longer than the prediction: nothing was in flight"
    asking.join()
    assert (slow[0].status_code, slow[0].headers["X-Portal-Version"]) == (200, "1"), slow[0].text
    assert (new.status_code, new.headers["X-Portal-Version"]) == (200, "2"), new.text
