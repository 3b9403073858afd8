"""Accounts of the model: what is set aside on them and what is frozen, as it counts at a time."""

from __future__ import annotations

from dataclasses import dataclass, field

from torture.history import Standing


@dataclass(slots=True)
class Hold:
    """Money set aside. It counts until it ends, or until its time is up."""

    account: str
    amount: int
    expires: int | None
    is_open: bool = True


@dataclass(slots=True)
class Freeze:
    """A freeze that nobody has released."""

    scope: str
    reason: str
    expires: int | None


@dataclass(slots=True)
class Account:
    """An account, with the holds that are open on it and the freezes that are not released."""

    currency: str
    overdraft: int
    posted: int = 0
    version: int = 0
    is_closed: bool = False
    holds: dict[str, Hold] = field(default_factory=dict)
    freezes: dict[str, Freeze] = field(default_factory=dict)

    def held(self, now: int) -> int:
        """Return what is set aside at that time."""
        return sum(hold.amount for hold in self.holds.values() if counts(hold, now))

    def available(self, now: int) -> int:
        """Return what may leave at that time."""
        return self.posted - self.held(now) + self.overdraft

    def scopes(self, now: int) -> set[str]:
        """Return the scopes of the freezes that are live at that time."""
        return {freeze.scope for freeze in self.freezes.values() if counts(freeze, now)}

    def ends(self) -> set[int]:
        """Return when its holds and freezes run out by themselves."""
        return {
            *(hold.expires for hold in self.holds.values() if hold.expires is not None),
            *(freeze.expires for freeze in self.freezes.values() if freeze.expires is not None),
        }

    def standing(self, now: int) -> Standing:
        """Return how it stands at that time."""
        state = "CLOSED" if self.is_closed else "FROZEN" if self.scopes(now) else "ACTIVE"
        return Standing(self.posted, self.held(now), self.available(now), self.version, state)


def counts(ending: Hold | Freeze, now: int) -> bool:
    """Tell whether a hold or a freeze has not run out."""
    return ending.expires is None or now < ending.expires
