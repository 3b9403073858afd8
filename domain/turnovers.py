"""What went through an account: up to an instant, and from one instant up to another."""

from __future__ import annotations

from dataclasses import dataclass

from domain.money import Money


@dataclass(frozen=True, slots=True)
class Turnover:
    """All that came to an account before an instant, and the balance that this left."""

    credits: Money
    balance: Money

    @property
    def debits(self) -> Money:
        """Return all that left the account before the instant."""
        return self.credits - self.balance


@dataclass(frozen=True, slots=True)
class Statement:
    """What happened to a balance in an interval: opening + credits - debits = closing."""

    opening: Money
    closing: Money
    credits: Money
    debits: Money


def statement(before: Turnover, after: Turnover) -> Statement:
    """Return what happened between two instants."""
    return Statement(
        opening=before.balance,
        closing=after.balance,
        credits=after.credits - before.credits,
        debits=after.debits - before.debits,
    )
