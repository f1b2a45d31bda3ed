"""How much deployments are asked and how fast they answer: the gateway, which stands above, says.

Latencies are counted in steps of 10 %, so that a day of any number of requests is a few hundred
counts; a percentile read from them is at most half a step off.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

from core.questions import Question

STEP: Final = math.log(1.1)
"""Width of a latency step on the logarithmic scale."""

HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class Traffic:
    """The requests of the last 24 hours to one deployment, or to several together."""

    by_hour: tuple[int, ...] = (0,) * HOURS
    """Requests per hour, the oldest first; the last one has only begun."""
    failed: int = 0
    """Those answered with a status of 500 or more."""
    latencies: Mapping[int, int] = field(default_factory=dict)
    """Requests per latency step: step n holds about exp(n * STEP) ms."""

    @property
    def requests(self) -> int:
        return sum(self.by_hour)

    @property
    def answered_share(self) -> float | None:
        """Share of requests that did not fail on our side; None without requests."""
        return 1 - self.failed / self.requests if self.requests else None

    @property
    def p50(self) -> float | None:
        """Median latency in ms."""
        return self.percentile(0.5)

    @property
    def p95(self) -> float | None:
        """Latency in ms that 95 of 100 requests do not exceed."""
        return self.percentile(0.95)

    def percentile(self, share: float) -> float | None:
        """Return the latency in ms that `share` of the requests do not exceed."""
        wanted, seen = share * sum(self.latencies.values()), 0
        for step in sorted(self.latencies):
            seen += self.latencies[step]
            if seen >= wanted:
                return math.exp(step * STEP)
        return None

    def __add__(self, other: "Traffic") -> "Traffic":
        latencies = dict(self.latencies)
        for step, count in other.latencies.items():
            latencies[step] = latencies.get(step, 0) + count
        return Traffic(
            by_hour=tuple(a + b for a, b in zip(self.by_hour, other.by_hour, strict=True)),
            failed=self.failed + other.failed,
            latencies=latencies,
        )


def _silence(names: Collection[str]) -> dict[str, Traffic]:
    """Return the traffic of the last 24 hours of those of `names` that had any."""
    del names
    return {}


traffic = Question(_silence)
