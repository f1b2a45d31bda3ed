"""Jobs of deployments; they run in the node agent."""

from typing import Any

from core.jobs import JobRun, job
from deployments.services.desired import MEND, ROLLOUT, UNDEPLOY


@job(ROLLOUT, title="Bring a version into service")
def roll_out(run: JobRun) -> dict[str, Any]:
    """Bring the release of the job live."""
    from deployments.agent import rollout  # the agent's code, which no other process needs

    return rollout.roll_out(run)


@job(UNDEPLOY, title="Undeploy")
def undeploy(run: JobRun) -> dict[str, Any]:
    """End everything that serves the deployment."""
    from deployments.agent import rollout  # the agent's code, which no other process needs

    return rollout.undeploy(run)


@job(MEND, title="Mend what a model is served from")
def mend(run: JobRun) -> dict[str, Any]:
    """Build the environment of the job's model server again, if it is not as it was built."""
    from deployments.agent import mend  # the agent's code, which no other process needs

    return mend.mend(run)
