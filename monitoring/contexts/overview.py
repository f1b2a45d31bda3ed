"""The list of all deployments as the page Drift shows it, and the history of one."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from core import formats
from core.charts import Cell, spark, strip
from core.statuses import word_for
from monitoring.models import Check
from monitoring.selectors import DriftState

NAMED = 3
CELLS = 48
"""A strip has at least so many places, so that a few checks do not become wide walls."""

JUDGED = (Check.Status.STEADY, Check.Status.DRIFTING)


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One deployment: where it stands, what changed, how the share of changed columns went."""

    state: DriftState
    changed: str
    is_judged: bool
    line: SafeString


def drift_rows(states: Sequence[DriftState]) -> list[DriftRow]:
    """Return a row per deployment, in the order given."""
    return [
        DriftRow(
            state=state,
            changed=changed_words(state.check) if state.check else "",
            is_judged=bool(state.check) and state.status in JUDGED,
            line=_line(state.checks),
        )
        for state in states
    ]


def changed_words(check: Check) -> str:
    """Return the columns that changed most by name, and how many more there are."""
    shown = ", ".join(check.changed[:NAMED])
    more = len(check.changed) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown


def history_strip(checks: Sequence[Check]) -> SafeString:
    """Draw checks (newest first) as a strip of states, each leading to its page."""
    cells = [
        Cell(
            tone=word_for(check.status).tone.value,
            title=f"{formats.at(check.created)}: {check.headline}",
            url=check.get_absolute_url(),
        )
        for check in reversed(checks)
    ]
    before = [Cell(tone="idle", title="no check")] * (CELLS - len(cells))
    return strip([*before, *cells], label="checks, oldest first")


def _line(checks: Sequence[Check]) -> SafeString:
    """Draw the share of changed columns, oldest check first; checks without a verdict are gaps."""
    shares = [
        100 * check.changed_share if check.status in JUDGED else None for check in reversed(checks)
    ]
    return spark(
        shares,
        label="changed columns in %",
        positions=[check.created for check in reversed(checks)],
    )
