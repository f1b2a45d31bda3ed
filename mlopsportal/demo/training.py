"""Training and registering the demo's model with plain MLflow, over HTTP and a token.

Run as a program of its own: MLflow reads its settings from the environment once.
"""

import logging
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import mlflow
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mlopsportal.demo.data import TARGET, demo_data


def main(name: str) -> None:
    """Train, log with its training set, register as `name`, and point the alias champion at it."""
    logging.getLogger("mlflow").setLevel(logging.ERROR)
    data = demo_data()
    features, target = data.training.drop(columns=TARGET), data.training[TARGET]
    held_features, held_target = data.held_out.drop(columns=TARGET), data.held_out[TARGET]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    mlflow.set_experiment("demo")
    with mlflow.start_run(run_name="logistic regression"):
        model.fit(features, target)
        mlflow.log_params({"model": "logistic regression", "rows": len(features)})
        mlflow.log_metric("accuracy_held_out", float(model.score(held_features, held_target)))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "dataset.parquet"
            data.training.to_parquet(path)
            mlflow.log_artifact(str(path), "data")
        mlflow.sklearn.log_model(
            model,
            name="model",
            signature=infer_signature(features, model.predict(features)),
            input_example=features.head(2),
            registered_model_name=name,
            pip_requirements=_requirements(),
        )
    client = mlflow.MlflowClient()
    newest = max(client.search_model_versions(f"name='{name}'"), key=lambda v: int(v.version))
    client.set_registered_model_alias(name, "champion", newest.version)


def _requirements() -> list[str]:
    """Return what the model needs, in the versions that trained it."""
    names = ("mlflow", "numpy", "pandas", "scikit-learn", "scipy", "skops")
    return [f"{name}=={version(name)}" for name in names]


if __name__ == "__main__":
    main(sys.argv[1])
