"""What the home page shows, gathered from every part: figures, needs, and what was done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from core import selectors as core
from core.models import AuditEntry
from deployments import overview
from deployments import selectors as deployments
from deployments.models import Deployment, Release
from deployments.overview import Line
from deployments.traffic import Traffic, traffic
from monitoring import selectors as monitoring
from monitoring.models import Alarm
from monitoring.selectors import DriftState
from registry.models import RegistryState

SILENCE: Final = timedelta(minutes=3)
"""How long the registry may stay unread before somebody should look at the worker."""

_FAILURES_OF: Final = timedelta(days=1)
_ACTS_SHOWN: Final = 12
_COMING: Final = frozenset({"pending", "building", "starting"})


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that needs a person: its state, what it is, whose it is, and where to look."""

    status: str
    what: str
    about: str
    url: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Done:
    """An act of somebody: who did what, when, to which thing with its page (if it has one)."""

    time: datetime
    who: str
    action: str
    about: str
    url: str


@dataclass(frozen=True, slots=True)
class Served:
    """A deployment with how it drifts."""

    line: Line
    drift: DriftState


@dataclass(frozen=True, slots=True)
class Home:
    """All of the home page."""

    served: list[Served]
    concerns: list[Concern]
    lately: list[Done]
    traffic: Traffic
    alarms: int
    """Alarms that nobody has acknowledged."""

    @property
    def live(self) -> int:
        return sum(entry.line.status == "live" for entry in self.served)

    @property
    def coming(self) -> int:
        return sum(entry.line.status in _COMING for entry in self.served)

    @property
    def down(self) -> int:
        return len(self.served) - self.live - self.coming

    @property
    def drifting(self) -> int:
        return sum(entry.drift.status == "drifting" for entry in self.served)


def gather() -> Home:
    """Return the home page; the same few queries for any number of deployments."""
    states = monitoring.drift_states()
    rows = [state.deployment for state in states]
    asked = traffic(deployments.names())
    lines = overview.lines(rows, asked=asked)
    alarms = [alarm for alarm in monitoring.open_alarms() if not alarm.is_attended]
    concerns = [*_of_parts(rows), *_of_deployments(lines), *_of_alarms(alarms), *_of_jobs()]
    return Home(
        served=[Served(line=line, drift=state) for line, state in zip(lines, states, strict=True)],
        concerns=sorted(concerns, key=_age),
        lately=lately(),
        traffic=sum(asked.values(), start=Traffic()),
        alarms=len(alarms),
    )


def lately() -> list[Done]:
    """Return the newest acts on models and deployments; log-ins and tokens are the audit's."""
    entries = core.audit_entries().filter(
        Q(object__startswith="deployment:") | Q(object__startswith="model:")
    )
    # What training does in MLflow by the dozen comes to the registry by itself.
    return [_done(entry) for entry in entries.exclude(door="mlflow")[:_ACTS_SHOWN]]


def _of_parts(rows: Sequence[Deployment]) -> Iterator[Concern]:
    """Yield the parts of the portal that do not answer: MLflow, the worker, node agents."""
    state = RegistryState.load()
    now, url = timezone.now(), reverse("registry:models")
    if state.problem:
        yield Concern("down", state.problem, "MLflow", url, state.last_read)
    elif state.last_read and now - state.last_read > SILENCE:
        what = "The registry is no longer read: the worker does not run, or does not get to it."
        yield Concern("unknown", what, "worker", url, state.last_read)
    for node, seen in deployments.unheard_nodes({row.node for row in rows}).items():
        what = (
            "The agent of this node is not heard of: nothing is deployed or started again there. "
            "Start it, or restart its deployments to move them here."
            if node != settings.NODE
            else "The agent of this node is not heard of: nothing is deployed or started again. "
            "Start it: it runs in the role worker of manage.py up."
        )
        yield Concern("down", what, node, reverse("deployments:deployments"), seen)


def _of_deployments(lines: Sequence[Line]) -> Iterator[Concern]:
    for line in lines:
        row, target = line.row, line.row.target
        url = row.get_absolute_url()
        if target is not None and target.status == Release.Status.FAILED:
            what = f"Version {target.version} could not be deployed. {target.error}"
            yield Concern("failed", what, row.name, url, target.ended)
        elif line.status == "restarting":
            event = line.last_event
            what = event.text if event else "Its model server ended and is started again."
            yield Concern(line.status, what, row.name, url, event.time if event else None)


def _of_alarms(alarms: Sequence[Alarm]) -> Iterator[Concern]:
    for alarm in alarms:
        url, name = alarm.get_absolute_url(), alarm.deployment.name
        yield Concern(alarm.status, alarm.title, name, url, alarm.returned or alarm.opened)


def _of_jobs() -> Iterator[Concern]:
    # A deployment that failed stands above with its cause; its job would say it again.
    failed = core.failed_jobs(since=timezone.now() - _FAILURES_OF).exclude(
        kind="deployments.rollout"
    )
    for job in failed[:_ACTS_SHOWN]:
        about = job.subject.partition(":")[2] or job.subject
        yield Concern("failed", job.error, about, job.get_absolute_url(), job.finished)


def _age(concern: Concern) -> datetime:
    """Sort the oldest first; what is of no known age comes last."""
    return concern.since or timezone.now()


def _done(entry: AuditEntry) -> Done:
    kind, _, name = entry.object.partition(":")
    if kind == "deployment":
        url = reverse("deployments:deployment", args=[name])
    else:
        model, _, version = name.partition("/")
        view, args = ("version", [model, version]) if version else ("model", [model])
        url = reverse(f"registry:{view}", args=args)
    return Done(entry.time, entry.who, entry.action, name, url)
