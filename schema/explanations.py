"""Why a balance is what it is, as it is said."""

from __future__ import annotations

import strawberry

from domain import explanations as domain
from schema.accounts import Account, Freeze
from schema.holds import Hold
from schema.money import Money
from schema.scalars import DateTime, Int64


@strawberry.type(
    description="What a balance is made of, read in one consistent look at the books. Account, holds and freezes are "
    "shown as they are now, also where an instant that has passed was asked for."
)
class BalanceExplanation:
    account: Account = strawberry.field(description="The account.")
    at: DateTime = strawberry.field(description="The instant that is explained.")
    posted: Money = strawberry.field(description="What was posted: as the account says, or its last entry before then.")
    entries_total: Money = strawberry.field(description="The same, recomputed: the sum of all its entries before then.")
    drift: Money = strawberry.field(
        description="posted - entriesTotal: zero. Anything else means that the books are damaged; run `verify`."
    )
    held: Money = strawberry.field(description="What open holds had set aside.")
    open_holds: list[Hold] = strawberry.field(
        description="The holds that were open, oldest first, at most 100. They add up to held; see openHoldCount."
    )
    open_hold_count: int = strawberry.field(description="How many holds were open, those not shown included.")
    live_freezes: list[Freeze] = strawberry.field(description="The freezes that were live, oldest first, at most 100.")
    sequence: Int64 = strawberry.field(
        description="The last audit record before then, on which this rests. What came later changes nothing here."
    )

    @classmethod
    def of(cls, explained: domain.BalanceExplanation) -> BalanceExplanation:
        """Present an explanation."""
        return cls(
            account=Account.of(explained.account),
            at=DateTime(explained.at),
            posted=Money.of(explained.posted),
            entries_total=Money.of(explained.entries_total),
            drift=Money.of(explained.drift),
            held=Money.of(explained.held),
            open_holds=[Hold.of(hold) for hold in explained.open_holds],
            open_hold_count=explained.open_hold_count,
            live_freezes=[Freeze.of(freeze) for freeze in explained.live_freezes],
            sequence=Int64(explained.sequence),
        )
