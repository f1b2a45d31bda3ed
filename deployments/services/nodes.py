"""Moving a deployment from a node that reports no more to the one where it is asked for."""

from django.conf import settings

from core.models import Revision
from deployments import selectors
from deployments.models import Deployment, ModelServer
from deployments.services.events import ROUTES, note


def move_from_silent_node(row: Deployment) -> bool:
    """Let this node serve `row`, which the caller has locked, if its own node is silent.

    Says whether it moved. The model servers over there count as stopped: should the node come
    back, its agent ends whatever nobody asks for.
    """
    silent = selectors.unheard_nodes([row.node])
    if row.node == settings.NODE or row.node not in silent:
        return False
    before, row.node = row.node, settings.NODE
    row.save(update_fields=["node"])
    left = ModelServer.objects.filter(release__deployment=row, node=before)
    left.filter(status__in=ModelServer.RUNNING).update(status=ModelServer.Status.STOPPED, owner="")
    Revision.bump(ROUTES)
    note(row, f"Moved from node {before}, which is silent, to {row.node}.", tone="warn")
    return True
