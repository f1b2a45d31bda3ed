"""Registering models as users do: plain MLflow, over HTTP and a token, in a process of its own."""

import os
import pickle
import subprocess
import sys
import textwrap
from typing import Any

from tests.e2e.portal import ROOT, RunningPortal

_PROGRAM = """
import pickle, sys
import mlflow
from mlflow.models import infer_signature
job = pickle.load(open(sys.argv[1], "rb"))
mlflow.set_experiment("tests")
with mlflow.start_run():
    if job["dataset"] is not None:
        job["dataset"].to_parquet(sys.argv[1] + ".parquet")
        import os, shutil
        os.makedirs(sys.argv[1] + ".d", exist_ok=True)
        shutil.copy(sys.argv[1] + ".parquet", sys.argv[1] + ".d/dataset.parquet")
        mlflow.log_artifact(sys.argv[1] + ".d/dataset.parquet", "data")
    mlflow.log_metric("accuracy", 0.5)
    mlflow.log_param("trees", 100)
    x = job["example"]
    mlflow.sklearn.log_model(
        job["model"], name="model",
        signature=infer_signature(x, job["model"].predict(x)),
        input_example=x.head(2), registered_model_name=job["name"],
        serialization_format="cloudpickle", pip_requirements=job["requirements"],
    )
"""


def register(
    portal: RunningPortal,
    token: str,
    *,
    name: str,
    model: Any,
    example: Any,
    dataset: Any = None,
    requirements: list[str] | None = None,
) -> None:
    """Log `model` with its training set and register it as `name`."""
    job = {
        "name": name,
        "model": model,
        "example": example,
        "dataset": dataset,
        "requirements": requirements or standard_requirements(),
    }
    run_with_mlflow(portal, token, _PROGRAM, job)


def run_with_mlflow(portal: RunningPortal, token: str, program: str, job: Any) -> str:
    """Run a program with the portal's tracking server set; return what it printed."""
    file = portal.data.parent / "job.pickle"
    file.write_bytes(pickle.dumps(job))
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), str(file)],
        cwd=ROOT,
        env={
            **os.environ,
            "MLFLOW_TRACKING_URI": f"{portal.url}/mlflow",
            "MLFLOW_TRACKING_TOKEN": token,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GIT_PYTHON_REFRESH": "quiet",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONWARNINGS": "ignore",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


def standard_requirements() -> list[str]:
    """Return what the test models need, in the versions of this environment."""
    from importlib.metadata import version

    names = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "cloudpickle")
    return [f"{name}=={version(name)}" for name in names]
