"""What surrounds the domain, made predictable: time that stands still, ids that count, entropy that repeats."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from domain.ids import Prefix
from domain.instants import SECOND, Instant

NOON = Instant(1_800_000_000 * SECOND)


@dataclass
class StandingClock:
    """Shows the time it was set to."""

    at: Instant = NOON

    def now(self) -> Instant:
        return self.at

    def advance(self, microseconds: int) -> None:
        self.at = Instant(self.at + microseconds)


@dataclass
class CountingIds:
    """Gives acct_00000000000000000000000001, acct_...2, and so on, a count for each prefix."""

    counts: dict[Prefix, int] = field(default_factory=lambda: defaultdict(int))

    def fresh(self, prefix: Prefix) -> str:
        self.counts[prefix] += 1
        return f"{prefix.value}_{self.counts[prefix]:026}"


@dataclass
class CountingEntropy:
    """Gives bytes that differ from call to call and are the same from run to run."""

    count: int = 0

    def bytes(self, count: int) -> bytes:
        self.count += 1
        return self.count.to_bytes(count, "big")
