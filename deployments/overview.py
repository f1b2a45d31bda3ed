"""What the pages show of deployments at a glance: rows of a list, days of a strip, steps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone
from django.utils.safestring import SafeString

from core.charts import Cell, spark, strip
from core.models import Job
from deployments import selectors
from deployments.models import Deployment, DeploymentEvent, Release
from deployments.traffic import HOURS, Traffic, traffic

DAYS: Final = 90
EVENTS_SHOWN: Final = 60
_SETTLED: Final = frozenset({"live", "failed", "stopped", "replaced", "unknown"})
_STEPS: Final = (
    (Release.Status.PENDING, "Taken up by the node"),
    (Release.Status.BUILDING, "Environment and files"),
    (Release.Status.STARTING, "Start and proof"),
    (Release.Status.LIVE, "Live"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A deployment in a list."""

    row: Deployment
    status: str
    traffic: Traffic
    spark: SafeString
    last_event: DeploymentEvent | None
    silence: str = ""
    """What to do when the node that serves it is silent; empty when it is not."""

    @property
    def release(self) -> Release | None:
        """The release that serves, or is to serve."""
        return self.row.current or self.row.target

    @property
    def coming(self) -> Release | None:
        """A release on its way (or failed on it) beside the one that serves."""
        target = self.row.target
        return target if self.row.current and target != self.row.current else None

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way."""
        coming = self.row.target is not None and self.row.target.status in Release.COMING
        return self.status in _SETTLED and not coming


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a rollout: `state` is `done`, `now`, `failed` or `todo`."""

    title: str
    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a deployment stands at this moment: all of its page that changes by itself."""

    row: Deployment
    status: str
    job: Job | None
    rollout: Release | None
    """The release that is on its way, or failed on it."""
    steps: list[Step]
    events: list[DeploymentEvent]
    silence: str
    """What to do when the node that serves it is silent; empty when it is not."""

    @property
    def is_settled(self) -> bool:
        """Whether nothing is under way."""
        coming = self.rollout is not None and self.rollout.status in Release.COMING
        return self.job is None and not coming and self.status in _SETTLED


def lines(rows: Sequence[Deployment], *, asked: Mapping[str, Traffic] | None = None) -> list[Line]:
    """Return `rows` as a list shows them; as many queries for one as for a hundred.

    `asked` is their traffic, if that is at hand.
    """
    if asked is None:
        asked = traffic([row.name for row in rows])
    events = selectors.last_events(rows)
    return [
        Line(
            row=row,
            status=selectors.status_of(row),
            traffic=(found := asked.get(row.name, Traffic())),
            spark=spark_of(found, label=f"Requests to {row.name} by hour"),
            last_event=events.get(row.pk),
            silence=selectors.silence_of(row),
        )
        for row in rows
    ]


def spark_of(found: Traffic, *, label: str) -> SafeString:
    """Draw the requests of the last 24 hours, hour by hour; nothing when there were none."""
    this_hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    hours = [this_hour - timedelta(hours=HOURS - 1 - back) for back in range(HOURS)]
    counts = list(found.by_hour) if found.requests else []
    if any(counts[:-1]):
        # The hour that has only begun would always look like a fall.
        counts, hours = counts[:-1], hours[:-1]
    return spark(counts, label=label, positions=hours)


def standing(row: Deployment) -> Standing:
    """Return how `row` stands now."""
    target = row.target
    rollout = target if target and target.status in (*Release.COMING, "failed") else None
    events = list(selectors.events(row)[:EVENTS_SHOWN])
    return Standing(
        row=row,
        status=selectors.status_of(row),
        job=selectors.open_job(row),
        rollout=rollout,
        steps=steps(rollout, events=events) if rollout else [],
        events=events,
        silence=selectors.silence_of(row),
    )


def steps(release: Release, *, events: Sequence[DeploymentEvent]) -> list[Step]:
    """Return the steps of bringing `release` into service, as far as they are."""
    order = [status for status, _ in _STEPS]
    reached = order.index(Release.Status(_reached(release)))
    here = "failed" if release.status == Release.Status.FAILED else "now"
    return [
        Step(
            title=title,
            state="done" if place < reached else here if place == reached else "todo",
            detail=_detail(release, events) if place == reached and here == "now" else "",
        )
        for place, (_, title) in enumerate(_STEPS)
    ]


def days(row: Deployment, *, count: int = DAYS, today: date | None = None) -> SafeString:
    """Draw the last `count` days (UTC): live all well, live with faults, faults only, not live."""
    last = today or timezone.now().date()
    first = last - timedelta(days=count - 1)
    midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
    spans = [
        (went_live.date(), ended.date() if ended else last)
        for went_live, ended in row.releases.filter(
            Q(ended__isnull=True) | Q(ended__gte=midnight), went_live__isnull=False
        ).values_list("went_live", "ended")
        if went_live is not None
    ]
    faults = row.events.filter(time__gte=midnight, tone=DeploymentEvent.Tone.BAD)
    bad = [moment.date() for moment in faults.values_list("time", flat=True)]
    cells = []
    for day in (first + timedelta(days=n) for n in range(count)):
        live = any(start <= day <= end for start, end in spans)
        tone, words = _day(live=live, faults=bad.count(day))
        cells.append(Cell(tone=tone, title=f"{day}: {words}"))
    return strip(cells, label=f"The last {count} days of {row.name}")


def _day(*, live: bool, faults: int) -> tuple[str, str]:
    """Return the tone of a day and what it says."""
    if not faults:
        return ("ok", "live") if live else ("idle", "not deployed")
    counted = "1 fault" if faults == 1 else f"{faults} faults"
    return ("warn", f"live, {counted}") if live else ("bad", f"not live, {counted}")


def _reached(release: Release) -> str:
    """Return the step at which the release is, or failed."""
    if release.status != Release.Status.FAILED:
        return release.status
    # The environment is written down when the release begins to start.
    return Release.Status.STARTING if release.environment_id else Release.Status.BUILDING


def _detail(release: Release, events: Sequence[DeploymentEvent]) -> str:
    if release.status == Release.Status.PENDING:
        silence = selectors.silence_of(release.deployment)
        if silence:
            return f"{silence} The rollout goes on as soon as it runs."
    return next((event.text for event in events if event.release_id == release.pk), "")
