"""Reads of what is served: deployments, releases, events, and the gateway's routes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db.models import Count, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Lower

from core.errors import NotFoundError
from core.models import Job
from deployments.models import Deployment, DeploymentEvent, ModelServer, Node, Release
from deployments.runtimes.process import socket_path
from registry.usage import Place


@dataclass(frozen=True, slots=True)
class Route:
    """What the gateway must know to send a request on."""

    deployment: str
    deployment_id: int
    model: str
    version: str
    release: int
    mlflow_version: str
    public: bool
    sockets: tuple[str, ...]


def deployments(*, wanted_only: bool = False) -> QuerySet[Deployment]:
    """Return deployments by name, with their releases and servers at hand."""
    servers = Prefetch(
        "current__servers",
        queryset=ModelServer.objects.filter(status__in=ModelServer.RUNNING),
        to_attr="running_servers",
    )
    seen = Node.objects.filter(name=OuterRef("node")).values("seen")[:1]
    rows = Deployment.objects.select_related("current", "target__actor").prefetch_related(servers)
    rows = rows.annotate(node_seen=Subquery(seen))
    return rows.filter(wanted=True) if wanted_only else rows


def search(text: str = "", *, with_undeployed: bool = False) -> list[Deployment]:
    """Return the deployments whose own or model's name holds every word of `text`."""
    rows = deployments(wanted_only=not with_undeployed)
    for word in text.split():
        rows = rows.filter(Q(name__icontains=word) | Q(model_name__icontains=word))
    return list(rows.order_by(Lower("name")))


def names() -> list[str]:
    """Return the names of all deployments, undeployed ones too."""
    return list(Deployment.objects.values_list("name", flat=True))


def unheard_nodes(names: Collection[str]) -> dict[str, datetime | None]:
    """Return those of the nodes called `names` that are silent, with when they last were not."""
    nodes = {node.name: node for node in Node.objects.filter(name__in=names)}
    return {
        name: nodes[name].seen if name in nodes else None
        for name in sorted(names)
        if name not in nodes or not nodes[name].is_heard
    }


def silence_of(row: Deployment) -> str:
    """Return what to do when the node of a deployment is silent; empty when it is not."""
    if not row.wanted or not (silent := _silent_since(row)):
        return ""
    said = f"No agent of node {row.node} {silent}. Start it: it runs in the role worker of "
    if row.node == settings.NODE:
        return f"{said}manage.py up."
    return (
        f"{said}manage.py up over there; or restart the deployment to move it to this node, "
        f"{settings.NODE}."
    )


def deployment(name: str) -> Deployment:
    """Return one deployment.

    Raises:
        NotFoundError: there is none of that name.
    """
    row = deployments().filter(name=name).first()
    if row is None:
        raise NotFoundError(
            f"There is no deployment {name!r}.", hint="Deployments lists those there are."
        )
    return row


def status_of(row: Deployment) -> str:
    """Return the one word that says how a deployment stands (`core.statuses`)."""
    current, target = row.current, row.target
    if row.wanted and row.node != settings.NODE and _silent_since(row):
        # What the rows say of another machine's processes is as old as its last word.
        return "unknown"
    if current is not None and current.status == Release.Status.LIVE:
        servers = getattr(current, "running_servers", None)
        if servers is None:
            servers = list(current.servers.filter(status__in=ModelServer.RUNNING))
        live = any(server.status == ModelServer.Status.LIVE for server in servers)
        return "live" if live else "restarting"
    if not row.wanted:
        draining = current is not None and current.status == Release.Status.DRAINING
        return "stopping" if draining else "stopped"
    if target is None:
        return "unknown"
    return str(target.status)


def invocations_url(row: Deployment) -> str:
    """Return the address under which predictions are asked for."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/models/{quote(row.name)}/invocations"


def releases(row: Deployment) -> QuerySet[Release]:
    """Return the releases of a deployment, newest first."""
    return row.releases.select_related("actor", "environment")


def previous(row: Deployment) -> Release | None:
    """Return the newest release of another version that served before the present one."""
    lived = row.releases.filter(went_live__isnull=False)
    if row.current is not None:
        lived = lived.exclude(version=row.current.version).filter(number__lt=row.current.number)
    return lived.order_by("-number").first()


def versions_served(name: str) -> list[str]:
    """Return the versions that ever were live under a name, the newest release's first."""
    rows = Release.objects.filter(deployment__name=name, went_live__isnull=False)
    return list(dict.fromkeys(rows.order_by("-number").values_list("version", flat=True)))


def last_events(rows: Collection[Deployment]) -> dict[int, DeploymentEvent]:
    """Return the newest line of each deployment's log, by the deployment's key; one query."""
    newest = DeploymentEvent.objects.filter(deployment=OuterRef("pk")).order_by("-pk")
    keys = Deployment.objects.filter(pk__in=[row.pk for row in rows]).values(
        newest=Subquery(newest.values("pk")[:1])
    )
    return {event.deployment_id: event for event in DeploymentEvent.objects.filter(pk__in=keys)}


def places(models: Collection[str]) -> list[Place]:
    """Return where versions of `models` are served; answers the registry's question."""
    rows = deployments(wanted_only=True).filter(model_name__in=models)
    return [_place(row) for row in rows]


def events(row: Deployment, *, after: int = 0) -> QuerySet[DeploymentEvent]:
    """Return the log of a deployment, newest first, only what came after event `after`."""
    return row.events.select_related("release").filter(pk__gt=after)


def jobs(row: Deployment) -> QuerySet[Job]:
    """Return the jobs about a deployment, newest first."""
    return Job.objects.filter(subject=row.subject).select_related("actor")


def open_job(row: Deployment) -> Job | None:
    """Return the newest job about the deployment that has not ended."""
    return jobs(row).filter(status__in=Job.OPEN).first()


def counts() -> dict[str, int]:
    """Return how many deployments are wanted and how many of these serve; one query."""
    live = Q(current__status=Release.Status.LIVE) & Q(
        current__servers__status=ModelServer.Status.LIVE
    )
    found: dict[str, int] = Deployment.objects.filter(wanted=True).aggregate(
        wanted=Count("pk", distinct=True), live=Count("pk", filter=live, distinct=True)
    )
    return found


def routes() -> list[Route]:
    """Return where each deployment's requests go; one without a live server has no sockets."""
    live = Prefetch(
        "current__servers",
        queryset=ModelServer.objects.filter(status=ModelServer.Status.LIVE),
        to_attr="live_servers",
    )
    rows = Deployment.objects.filter(wanted=True).select_related("current").prefetch_related(live)
    return [_route(row) for row in rows]


def signature_inputs(row: Deployment) -> list[dict[str, Any]]:
    """Return the inputs in the signature of the version that serves (or is to serve)."""
    release = row.current or row.target
    signature = (release.description if release else {}).get("signature") or {}
    return list(signature.get("inputs") or [])


def input_names() -> dict[str, list[str]]:
    """Return the names of the inputs of each deployment's present version."""
    rows = Deployment.objects.select_related("current", "target")
    return {
        row.name: [str(c["name"]) for c in signature_inputs(row) if c.get("name")] for row in rows
    }


def _silent_since(row: Deployment) -> str:
    """Return since when the node of `row` is silent, as words; empty when it is not."""
    if hasattr(row, "node_seen"):
        seen: datetime | None = row.node_seen
        silent = seen is None or not Node(name=row.node, seen=seen).is_heard
    else:
        unheard = unheard_nodes([row.node])
        silent, seen = row.node in unheard, unheard.get(row.node)
    if not silent:
        return ""
    return f"has reported since {seen:%Y-%m-%d %H:%M} UTC" if seen else "has ever reported"


def _place(row: Deployment) -> Place:
    release = row.current or row.target
    return Place(
        name=row.name,
        model=row.model_name,
        version=release.version if release else "",
        status=status_of(row),
        url=row.get_absolute_url(),
    )


def _route(row: Deployment) -> Route:
    current = row.current
    if current is None:
        return Route(row.name, row.pk, row.model_name, "", 0, "", row.public, ())
    return Route(
        deployment=row.name,
        deployment_id=row.pk,
        model=current.model_name,
        version=current.version,
        release=current.number,
        mlflow_version=str(current.description.get("mlflow_version", "")),
        public=row.public,
        sockets=tuple(
            str(socket_path(server.pk)) for server in getattr(current, "live_servers", [])
        ),
    )
