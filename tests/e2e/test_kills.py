"""kill -9 of any process at random moments under load: nothing acknowledged is lost."""

import collections
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.portal import RunningPortal
from tests.e2e.registering import register
from tests.e2e.wine import forest, wine

pytestmark = [pytest.mark.live, pytest.mark.e2e]

ROUNDS = int(os.environ.get("TEST_PORTAL_KILLS", "20"))
VICTIMS = ("manage.py web", "celery", "manage.py clock", "manage.py agent", "modelserver")
CLIENTS = 4


class Load:
    """Clients that ask without pause and write down what they were told."""

    def __init__(self, portal: RunningPortal, token: str, deployment: str, body: bytes) -> None:
        self.acknowledged: list[str] = []
        self.statuses: collections.Counter[int] = collections.Counter()
        self._url = f"{portal.url}/models/{deployment}/invocations"
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
        }
        self._body = body
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(CLIENTS)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self) -> None:
        while not self._stop.is_set():
            try:
                answer = httpx.post(
                    self._url, content=self._body, headers=self._headers, timeout=30
                )
            except httpx.TransportError:
                self.statuses[0] += 1
                time.sleep(0.1)
                continue
            self.statuses[answer.status_code] += 1
            if answer.status_code == 200:
                self.acknowledged.append(answer.headers["X-Portal-Prediction"])
            else:
                time.sleep(0.05)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A portal of its own: what dies here must not slow down the tests of others."""
    running = RunningPortal(tmp_path_factory.mktemp("k") / "data")
    running.manage("setup")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def token(portal: RunningPortal) -> str:
    return portal.token("admin")


@pytest.fixture(scope="module")
def deployed(portal: RunningPortal, token: str) -> Iterator[str]:
    data = wine()
    register(
        portal,
        token,
        name="kills",
        model=forest(data, trees=5),
        example=data.training[data.inputs],
    )
    with portal.client(token) as client:
        portal.wait_for(
            lambda: client.get("/api/v1/models/kills/versions/1").is_success, seconds=30
        )
        client.post("/api/v1/deployments", json={"model": "kills", "version": "1"})
        portal.wait_for(lambda: _is_live(client), seconds=180)
        yield "kills"
        client.delete("/api/v1/deployments/kills?wait=60")


def _is_live(client: httpx.Client) -> bool:
    try:
        return client.get("/api/v1/deployments/kills").json().get("status") == "live"
    except (httpx.TransportError, ValueError):
        return False


def test_no_acknowledged_prediction_is_lost_whoever_dies(
    portal: RunningPortal, token: str, deployed: str
) -> None:
    seed = int(os.environ.get("TEST_PORTAL_SEED", time.time_ns() % 2**32))
    print(f"seed {seed}, {ROUNDS} kills")  # noqa: T201 (shown when the test fails)
    chance = random.Random(seed)
    data = wine()
    row = data.production[data.inputs].iloc[:2].to_json(orient="split", index=False)
    with Load(portal, token, deployed, f'{{"dataframe_split": {row}}}'.encode()) as load:
        for number in range(ROUNDS):
            time.sleep(chance.uniform(0.3, 2.0))
            alive = portal.processes(VICTIMS[number % len(VICTIMS)])
            if alive:
                chance.choice(alive).kill()
            if number % len(VICTIMS) == len(VICTIMS) - 1:
                # However slow the machine is, each turn of kills falls into answered requests.
                reached = load.statuses[200] + 30
                portal.wait_for(lambda goal=reached: load.statuses[200] > goal, seconds=120)
        with portal.client(token) as client:
            portal.wait_for(lambda: _is_live(client), seconds=60)
        before = load.statuses[200]
        portal.wait_for(lambda: load.statuses[200] > before + 10, seconds=60)
    with portal.client(token) as client:
        rows = client.get(f"/api/v1/deployments/{deployed}/predictions").json()
    logged = collections.Counter(entry["id"] for entry in rows if entry["status"] == 200)
    lost = [key for key in load.acknowledged if key not in logged]
    doubled = [key for key, count in logged.items() if count > 1]
    assert len(load.acknowledged) > 100, load.statuses
    assert lost == [], f"{len(lost)} of {len(load.acknowledged)} lost, seed {seed}"
    assert doubled == [], f"seed {seed}"


def test_an_environment_that_was_cut_off_is_built_anew(
    portal: RunningPortal, token: str, deployed: str
) -> None:
    environment = next((portal.data / "environments").glob("*/.complete")).parent
    (environment / ".complete").unlink()
    with portal.client(token) as client:
        answer = client.post(f"/api/v1/deployments/{deployed}/restart?wait=60")
        portal.wait_for(lambda: (environment / ".complete").is_file(), seconds=120)
        portal.wait_for(lambda: _is_live(client), seconds=60)
    assert answer.status_code in (200, 202), answer.text
    assert Path(environment / "bin" / "python").exists()
