"""The output of model servers, for people who look for a cause."""

from core.folders import private_folder
from deployments.models import Deployment, ModelServer

_TAIL_BYTES = 64 * 1024


def tail(deployment: Deployment, *, lines: int = 200) -> list[str]:
    """Return the last lines that the deployment's newest model server wrote on this node."""
    server = ModelServer.objects.filter(release__deployment=deployment).order_by("-pk").first()
    path = private_folder("logs", "models") / f"{server.pk}.log" if server else None
    if path is None or not path.is_file():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL_BYTES))
        text = file.read().decode("utf-8", "replace")
    return text.splitlines()[-lines:]
