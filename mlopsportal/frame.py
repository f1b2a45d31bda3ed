"""What the frame of every page shows: the rail in the order of the flow, with its counts."""

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from django.urls import reverse

from accounts.permissions import principal_in
from accounts.policy import Act, allows
from monitoring.selectors import unattended_alarm_count

ALARMS: Final = "monitoring:alarms"


@dataclass(frozen=True, slots=True)
class RailEntry:
    """One word of the rail; `count` is shown beside it in `tone` when it is not 0."""

    label: str
    url: str
    icon: str
    is_current: bool
    count: int = 0
    tone: str = "bad"


@dataclass(frozen=True, slots=True)
class _Word:
    label: str
    view: str
    icon: str
    act: Act = Act.VIEW


_FLOW: Final = (
    _Word("Home", "home", "home"),
    _Word("Models", "registry:models", "box"),
    _Word("Deployments", "deployments:deployments", "rocket"),
    _Word("Predictions", "gateway:predictions", "bolt"),
    _Word("Drift", "monitoring:drift", "wave"),
    _Word("Alarms", ALARMS, "bell"),
)
_BELOW: Final = (
    _Word("Jobs", "jobs", "clock"),
    _Word("Audit", "audit", "list", Act.ADMINISTER),
    _Word("Settings", "settings", "settings", Act.ADMINISTER),
)


def frame(request: HttpRequest) -> dict[str, object]:
    """Return the rail and the number of alarms; nothing for people who are not logged in."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return {}
    alarms = unattended_alarm_count()
    return {
        "rail_flow": _entries(request, _FLOW, alarms),
        "rail_below": _entries(request, _BELOW, alarms),
        "alarm_count": alarms,
    }


def _entries(request: HttpRequest, words: tuple[_Word, ...], alarms: int) -> list[RailEntry]:
    who = principal_in(request)
    return [_entry(request, word, alarms) for word in words if allows(who, word.act)]


def _entry(request: HttpRequest, word: _Word, alarms: int) -> RailEntry:
    url = reverse(word.view)
    current = request.path == url if url == "/" else request.path.startswith(url)
    count = alarms if word.view == ALARMS else 0
    return RailEntry(label=word.label, url=url, icon=word.icon, is_current=current, count=count)
