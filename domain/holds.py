"""Holds: money set aside on an account, until it is captured, released, or runs out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from domain.instants import Instant
from domain.money import Money
from domain.records import FREE_TEXT


class HoldState(StrEnum):
    """Where a hold stands. Only OPEN sets money aside; nothing leaves the other three."""

    OPEN = "OPEN"
    CAPTURED = "CAPTURED"
    RELEASED = "RELEASED"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True, slots=True)
class Hold:
    """Money set aside. `captured` is how much of it was moved in the end: all, a part, or nothing."""

    id: str
    account_id: str
    state: HoldState
    amount: Money
    captured: Money
    description: str | None = field(metadata=FREE_TEXT)
    placed_at: Instant
    expires_at: Instant | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.captured.minor <= self.amount.minor or not self.amount.minor:
            raise ValueError("a hold is of some money, and no more than that is captured")
        if (self.state is HoldState.CAPTURED) != bool(self.captured.minor):
            raise ValueError("something is captured exactly when the hold is CAPTURED")

    def is_due(self, now: Instant) -> bool:
        """Tell whether it has run out and is not settled yet."""
        return self.state is HoldState.OPEN and self.expires_at is not None and self.expires_at <= now

    def at(self, now: Instant) -> Hold:
        """Return the hold as it is at that instant: what is due counts as settled."""
        return replace(self, state=HoldState.EXPIRED) if self.is_due(now) else self
