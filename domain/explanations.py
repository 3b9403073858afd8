"""Why a balance is what it is: recomputed from what it is made of."""

from __future__ import annotations

from dataclasses import dataclass

from domain.accounts import Account
from domain.freezes import Freeze
from domain.holds import Hold
from domain.instants import Instant
from domain.money import Money

MOST_TOLD = 100
"""How many holds, or freezes, an explanation shows: the size of the largest page."""


@dataclass(frozen=True, slots=True)
class BalanceExplanation:
    """What an account's balance was made of at an instant.

    `posted` is what the account says, `entries_total` what its entries add up to. `held` is what was set aside by
    `open_hold_count` holds, the oldest of which are shown. `sequence` is the last audit record that counts.
    """

    account: Account
    at: Instant
    posted: Money
    entries_total: Money
    held: Money
    open_holds: tuple[Hold, ...]
    open_hold_count: int
    live_freezes: tuple[Freeze, ...]
    sequence: int

    @property
    def drift(self) -> Money:
        """Return by how much the account differs from its entries: nothing, or the books are damaged."""
        return self.posted - self.entries_total
