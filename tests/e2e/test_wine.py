"""The wine: registered by plain MLflow, deployed, asked through the gateway, and reported on."""

import io

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, f1_score

from tests.e2e.portal import RunningPortal
from tests.e2e.registering import register
from tests.e2e.wine import TARGET, Wine, forest, wine

pytestmark = [pytest.mark.live, pytest.mark.e2e]

NAME = "Weinqualität v2.1 rot"


@pytest.fixture(scope="module")
def data() -> Wine:
    return wine()


@pytest.fixture(scope="module")
def model(data: Wine):
    return forest(data)


@pytest.fixture(scope="module")
def deployed(portal: RunningPortal, token: str, data: Wine, model) -> str:
    """The name of the deployment, live."""
    register(
        portal,
        token,
        name=NAME,
        model=model,
        example=data.training[data.inputs],
        dataset=data.training,
    )
    with portal.client(token) as client:
        portal.wait_for(
            lambda: client.get(f"/api/v1/models/{NAME}/versions/1").is_success, seconds=30
        )
        answer = client.post(
            "/api/v1/deployments?wait=60", json={"model": NAME, "version": "1", "name": NAME}
        )
        portal.wait_for(
            lambda: client.get(f"/api/v1/deployments/{NAME}").json()["status"] == "live",
            seconds=180,
        )
    assert answer.status_code in (200, 202), answer.text
    return NAME


@pytest.fixture(scope="module")
def sent(portal: RunningPortal, token: str, deployed: str, data: Wine) -> pd.DataFrame:
    """Production sent in requests of one to seven rows, with what came back."""
    rows, place = [], 0
    random = np.random.default_rng(42)
    with portal.client(token) as client:
        while place < len(data.production):
            part = data.production.iloc[place : place + int(random.integers(1, 8))]
            answer = client.post(
                f"/models/{deployed}/invocations",
                json={"dataframe_split": part[data.inputs].to_dict(orient="split", index=False)},
            )
            assert answer.status_code == 200, answer.text
            for row, prediction in enumerate(answer.json()["predictions"]):
                rows.append((answer.headers["X-Portal-Prediction"], row, prediction))
            place += len(part)
    return pd.DataFrame(rows, columns=["id", "row", "prediction"])


def test_predictions_equal_those_of_the_model_itself(sent, data, model) -> None:
    expected = model.predict(data.production[data.inputs])
    assert sent["prediction"].tolist() == expected.tolist()


def test_every_row_that_was_sent_is_in_the_log_once(
    portal: RunningPortal, token: str, deployed: str, sent, data: Wine
) -> None:
    with portal.client(token) as client:
        answer = client.get(
            f"/api/v1/deployments/{deployed}/predictions", params={"format": "parquet"}
        )
    logged = pd.read_parquet(io.BytesIO(answer.content))
    logged = (
        logged[logged["status"] == 200]
        .set_index(["id", "row"])
        .loc[list(zip(sent["id"], sent["row"], strict=True))]
    )
    assert logged.index.is_unique
    pd.testing.assert_frame_equal(
        logged[data.inputs].reset_index(drop=True).astype(float),
        data.production[data.inputs].astype(float),
        check_exact=True,
    )


def test_the_initial_report_has_pandas_numbers(
    portal: RunningPortal, token: str, deployed: str, data: Wine
) -> None:
    with portal.client(token) as client:
        report = client.get(
            f"/api/v1/deployments/{deployed}/reports/initial", params={"wait": 60}
        ).json()
    for name in data.inputs:
        column = data.training[name]
        found = report["columns"][name]["measure"]["descriptors"]
        assert found["mean"] == pytest.approx(column.mean())
        assert found["std"] == pytest.approx(column.std())
        assert found["min"] == column.min()
        assert found["q25"] == pytest.approx(column.quantile(0.25))
        assert found["median"] == pytest.approx(column.median())
        assert found["max"] == column.max()


def test_the_degradation_report_has_the_numbers_of_scikit_learn(
    portal: RunningPortal,
    token: str,
    deployed: str,
    sent,
    data: Wine,
    model,
) -> None:
    truths = [
        {"id": entry.id, "row": entry.row, "value": int(value)}
        for entry, value in zip(sent.itertuples(), data.production[TARGET], strict=True)
    ]
    with portal.client(token) as client:
        kept = client.post(f"/api/v1/deployments/{deployed}/truths", json=truths)
        assert kept.json() == {"kept": len(truths)}
        report = client.get(
            f"/api/v1/deployments/{deployed}/reports/degradation",
            params={"window": "week", "wait": 60},
        ).json()
    predicted = model.predict(data.production[data.inputs])
    true = data.production[TARGET]
    current = report["metrics"]["current"]
    assert report["rows"] == len(data.production)
    assert current["values"]["accuracy"] == pytest.approx(accuracy_score(true, predicted))
    assert current["values"]["f1_weighted"] == pytest.approx(
        f1_score(true, predicted, average="weighted")
    )
    assert np.array_equal(
        np.array(current["confusion"]["counts"]), confusion_matrix(true, predicted)
    )
    then = {c["name"]: c for c in report["columns"]}
    for name in data.inputs:
        now = then[name]["current"]["descriptors"]
        assert now["mean"] == pytest.approx(data.production[name].mean())
        assert now["std"] == pytest.approx(data.production[name].std())


def test_an_answer_is_found_the_moment_it_was_given(
    portal: RunningPortal, token: str, deployed: str, data: Wine
) -> None:
    with portal.client(token) as client:
        for _ in range(10):
            part = data.production.iloc[:1]
            answer = client.post(
                f"/models/{deployed}/invocations",
                json={"dataframe_split": part[data.inputs].to_dict(orient="split", index=False)},
            )
            wanted = answer.headers["X-Portal-Prediction"]
            found = client.get(
                f"/api/v1/deployments/{deployed}/predictions",
                params={"from": f"{pd.Timestamp.now(tz='UTC') - pd.Timedelta('5s')}"},
            ).json()
            assert wanted in [entry["id"] for entry in found]


def test_undeploying_leaves_no_process_and_no_socket(
    portal: RunningPortal, token: str, deployed: str, sent
) -> None:
    assert portal.processes("modelserver")
    with portal.client(token) as client:
        answer = client.delete(f"/api/v1/deployments/{deployed}", params={"wait": 60})
        assert answer.json()["status"] == "succeeded", answer.text
        gone = client.post(f"/models/{deployed}/invocations", json={})
    assert gone.status_code == 404
    assert portal.processes("modelserver") == []
    assert list((portal.data / "run").glob("model-*")) == []
