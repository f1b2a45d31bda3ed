"""Models that cannot be served: each ends as a failed release with a cause that people can read."""

import textwrap
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.portal import RunningPortal
from tests.e2e.registering import register, run_with_mlflow, standard_requirements
from tests.e2e.wine import forest, wine

pytestmark = [pytest.mark.live, pytest.mark.e2e]

_PROGRAM = """
import pickle, sys
import mlflow
job = pickle.load(open(sys.argv[1], "rb"))
import tempfile, pathlib
folder = pathlib.Path(tempfile.mkdtemp())
(folder / "model.py").write_text(job["code"] + "\\nmlflow.models.set_model(Broken())\\n")
with mlflow.start_run():
    mlflow.pyfunc.log_model(
        name="model", python_model=str(folder / "model.py"), registered_model_name=job["name"],
        pip_requirements=job["requirements"],
    )
"""


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A portal that gives models ten seconds to load."""
    running = RunningPortal(tmp_path_factory.mktemp("b") / "data", PORTAL_LOAD_TIMEOUT="10s")
    running.manage("setup")
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def client(strict: RunningPortal) -> Iterator[httpx.Client]:
    token = strict.token("admin")
    with strict.client(token) as made:
        made.token = token  # type: ignore[attr-defined]
        yield made


def _code(load: str) -> str:
    return textwrap.dedent(
        f"""
        import sys, time, os
        import mlflow
        class Broken(mlflow.pyfunc.PythonModel):
            def load_context(self, context):
                if os.environ.get("MLFLOW_TRACKING_URI"):
                    return  # the machine that registers it
                {load}
            def predict(self, context, model_input, params=None):
                return [1]
        """
    )


CASES = {
    "raises": (_code("raise ValueError('the weights are of another shape')"), None, "the weights"),
    "exits": (_code("os._exit(7)"), None, "does not start"),
    "sleeps": (_code("time.sleep(60)"), None, "had not loaded after 10 seconds"),
    "imports": (_code("import nonexistent_package_xyz"), None, "nonexistent_package_xyz"),
    "url": (
        _code("pass"),
        ["mlflow", "evil @ https://example.org/evil.whl"],
        "names a URL",
    ),
    "unknown": (
        _code("pass"),
        [*standard_requirements(), "mlops-portal-no-such-package==1.0"],
        "mlops-portal-no-such-package",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_model_fails_with_a_readable_cause(
    strict: RunningPortal, client: httpx.Client, name: str
) -> None:
    code, requirements, cause = CASES[name]
    job = {
        "name": name,
        "code": code,
        "requirements": requirements or standard_requirements(),
    }
    run_with_mlflow(strict, client.token, _PROGRAM, job)  # type: ignore[attr-defined]
    strict.wait_for(lambda: client.get(f"/api/v1/models/{name}/versions/1").is_success, seconds=30)
    client.post("/api/v1/deployments?wait=60", json={"model": name, "version": "1"})
    strict.wait_for(
        lambda: client.get(f"/api/v1/deployments/{name}").json()["status"] == "failed",
        seconds=120,
    )
    target = client.get(f"/api/v1/deployments/{name}").json()["target"]
    assert cause in target["error"]
    assert target["hint"]
    assert strict.processes("modelserver", name) == []


def test_a_failed_release_leaves_the_old_one_answering(
    strict: RunningPortal, client: httpx.Client
) -> None:
    good = {"name": "changing", "code": _code("pass"), "requirements": standard_requirements()}
    run_with_mlflow(strict, client.token, _PROGRAM, good)  # type: ignore[attr-defined]
    bad = {**good, "code": _code("raise ValueError('broken on purpose')")}
    run_with_mlflow(strict, client.token, _PROGRAM, bad)  # type: ignore[attr-defined]
    strict.wait_for(lambda: client.get("/api/v1/models/changing/versions/2").is_success, seconds=30)
    client.post("/api/v1/deployments?wait=60", json={"model": "changing", "version": "1"})
    strict.wait_for(
        lambda: client.get("/api/v1/deployments/changing").json()["status"] == "live", seconds=120
    )
    refused = client.patch("/api/v1/deployments/changing?wait=60", json={"version": "2"})
    assert refused.status_code == 422
    assert "broken on purpose" in refused.json()["message"]
    answer = client.post("/models/changing/invocations", json={"inputs": [1, 2]})
    assert answer.status_code == 200, answer.text
    assert answer.headers["X-Portal-Version"] == "1"


def test_a_model_that_lost_a_file_says_which(strict: RunningPortal, client: httpx.Client) -> None:
    data = wine()
    register(
        strict,
        client.token,  # type: ignore[attr-defined]
        name="lost",
        model=forest(data, trees=2),
        example=data.training[data.inputs],
    )
    for file in (strict.data / "mlflow" / "artifacts").rglob("model.pkl"):
        file.unlink()
    strict.wait_for(lambda: client.get("/api/v1/models/lost/versions/1").is_success, seconds=30)
    refused = client.post("/api/v1/deployments?wait=60", json={"model": "lost", "version": "1"})
    assert refused.status_code == 422
    assert "model.pkl" in refused.json()["message"]
