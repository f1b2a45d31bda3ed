"""The story of the demo: good weeks, then a change in who is examined, with truths a while later.

Everything goes through REST and the gateway, as a user's own programs would.
"""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import httpx
from django.conf import settings
from django.utils import timezone

from core.errors import UnavailableError

if TYPE_CHECKING:
    import pandas as pd

Say = Callable[[str], None]

NAME: Final = "breast-cancer"
GOOD_DAYS: Final = 14
SKEWED_DAYS: Final = 10
REQUESTS_A_DAY: Final = 16
ROWS_A_REQUEST: Final = 3
PAUSE: Final = timedelta(minutes=30)
_PATIENCE: Final = 120.0


class Story:
    """Tells the story to a running portal with one API token."""

    def __init__(self, *, base_url: str, token: str, say: Say) -> None:
        self._base_url = base_url
        self._token = token
        self._say = say
        self._http = httpx.Client(
            base_url=base_url, headers={"Authorization": f"Bearer {token}"}, timeout=90.0
        )

    def tell(self) -> dict[str, Any]:
        """Train, deploy, send traffic and truths, and let the portal look at it.

        Raises:
            UnavailableError: a part of the portal did not do what it should.
        """
        with self._http:
            self._wait_for_portal()
            # A story that was cut off goes on where it stopped.
            if not self._is_registered():
                self._say("Training a model and registering it in MLflow.")
                self._train()
            if not self._is_there(f"deployments/{NAME}"):
                self._say("Deploying it: environment, model server, proof (the longest step).")
                self._deploy()
            self._wait_until_live()
            self._say("Describing the training set (initial report).")
            self._call("GET", f"/api/v1/deployments/{NAME}/reports/initial?wait=60")
            sent = self._send_weeks()
            self._say("Comparing the last week with the training set (degradation report).")
            report = self._call(
                "GET", f"/api/v1/deployments/{NAME}/reports/degradation?window=week&wait=60"
            )
            return {"sent": sent, "headline": str(report.get("headline", ""))}

    def _wait_for_portal(self) -> None:
        self._say("Waiting for the portal and MLflow to start.")
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            # Refused connections are what is waited through.
            with contextlib.suppress(httpx.TransportError):
                ready = self._http.get("/readyz").is_success
                if ready and self._http.get("/mlflow/health").is_success:
                    return
            time.sleep(0.5)
        raise UnavailableError(
            f"The portal did not answer at {self._base_url} within {_PATIENCE:.0f} seconds.",
            hint="Is it running? `make run` starts it.",
        )

    def _train(self) -> None:
        environment = {
            **os.environ,
            "MLFLOW_TRACKING_URI": f"{self._base_url}/mlflow",
            "MLFLOW_TRACKING_TOKEN": self._token,
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GIT_PYTHON_REFRESH": "quiet",
        }
        done = subprocess.run(
            [sys.executable, "-m", "mlopsportal.demo.training", NAME],
            cwd=settings.BASE_DIR,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no output"])[-1]
            raise UnavailableError(f"Training the demo's model failed: {last}")

    def _deploy(self) -> None:
        until = time.monotonic() + _PATIENCE
        while not self._is_registered():
            if time.monotonic() > until:
                raise UnavailableError("The portal did not read the new model from MLflow.")
            time.sleep(0.5)
        answer = self._call(
            "POST", "/api/v1/deployments?wait=60", json={"model": NAME, "alias": "champion"}
        )
        while answer["status"] in ("queued", "running") and time.monotonic() < until:
            answer = self._call("GET", answer.get("job") or f"/api/v1/jobs/{answer['id']}")
            time.sleep(0.5)
        if answer["status"] != "succeeded":
            raise UnavailableError(f"The deployment ended as {answer['status']}.")

    def _send_weeks(self) -> int:
        from mlopsportal.demo.data import demo_data  # scikit-learn takes seconds to import

        data = demo_data()
        # The last request of the last day was a moment ago.
        last_day = timezone.now() - PAUSE * REQUESTS_A_DAY
        first = last_day - timedelta(days=GOOD_DAYS + SKEWED_DAYS - 1)
        known, sent = self._known(), 0
        for day in range(GOOD_DAYS + SKEWED_DAYS):
            good = day < GOOD_DAYS
            if day in (0, GOOD_DAYS):
                what = "of the kind it was trained on" if good else "of another mix of patients"
                days = GOOD_DAYS if good else SKEWED_DAYS
                self._say(f"Sending {days} days of cases {what}, with the diagnoses.")
            rows = (data.held_out if good else data.production).sample(
                REQUESTS_A_DAY * ROWS_A_REQUEST, replace=True, random_state=day
            )
            sent += len(rows)
            self._send_day(rows, day=day, begin=first + timedelta(days=day), known=known)
        return sent

    def _send_day(
        self, rows: "pd.DataFrame", *, day: int, begin: datetime, known: dict[str, dict[str, Any]]
    ) -> None:
        from mlopsportal.demo.data import TARGET  # see _send_weeks

        truths = []
        for number in range(REQUESTS_A_DAY):
            part = rows.iloc[number * ROWS_A_REQUEST : (number + 1) * ROWS_A_REQUEST]
            request_id = f"demo-{day}-{number}"
            kept = known.get(request_id)
            if kept is None:
                time_of_it = begin + PAUSE * number
                kept = {"id": self._ask(part.drop(columns=TARGET), request_id, at=time_of_it)}
            if not kept.get("truths"):
                truths += [
                    {"id": kept["id"], "row": row, "value": int(value)}
                    for row, value in enumerate(part[TARGET])
                ]
        if truths:
            self._call("POST", f"/api/v1/deployments/{NAME}/truths", json=truths)

    def _ask(self, inputs: "pd.DataFrame", request_id: str, *, at: datetime) -> str:
        """Send one request and return the id of its prediction."""
        answer = self._http.post(
            f"/models/{NAME}/invocations",
            json={"dataframe_split": inputs.to_dict(orient="split", index=False)},
            headers={"X-Portal-Time": at.isoformat(), "X-Request-Id": request_id},
        )
        _raise_for(answer)
        return answer.headers["X-Portal-Prediction"]

    def _known(self) -> dict[str, dict[str, Any]]:
        """Return by request id what a demo that was cut off has sent."""
        answer = self._http.get(f"/api/v1/deployments/{NAME}/predictions?window=month")
        _raise_for(answer)
        return {prediction["request_id"]: prediction for prediction in answer.json()}

    def _wait_until_live(self) -> None:
        until = time.monotonic() + _PATIENCE
        while (status := self._call("GET", f"/api/v1/deployments/{NAME}")["status"]) != "live":
            if time.monotonic() > until:
                raise UnavailableError(
                    f"The demo's deployment did not become live: it is {status}."
                )
            time.sleep(0.5)

    def _is_registered(self) -> bool:
        """Return whether the portal has read the model and its alias, which MLflow sets last."""
        answer = self._http.get(f"/api/v1/models/{NAME}")
        return answer.is_success and "champion" in answer.json()["aliases"]

    def _is_there(self, resource: str) -> bool:
        return self._http.get(f"/api/v1/{resource}").is_success

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = self._http.request(method, path, **options)
        _raise_for(answer)
        found: dict[str, Any] = answer.json()
        return found


def _raise_for(answer: httpx.Response) -> None:
    if answer.is_success:
        return
    try:
        message = answer.json().get("message", "")
    except ValueError:
        message = ""
    raise UnavailableError(
        message or f"The portal answered {answer.status_code} to {answer.request.url.path}."
    )
