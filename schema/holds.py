"""Holds, as they are said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import holds as domain
from domain.access import EVERYONE
from schema.context import Info
from schema.enums import HoldState
from schema.money import Money, MoneyInput
from schema.nodes import Node
from schema.pages import After, Connection, First
from schema.permissions import RequiresRole, guarded
from schema.scalars import DateTime, Decimal, Int64, date_time
from schema.transactions import Transaction

if TYPE_CHECKING:
    from schema.accounts import Account

_LazyAccount = Annotated["Account", strawberry.lazy("schema.accounts")]


async def _account(root: strawberry.Parent[Hold], info: Info) -> _LazyAccount | None:
    return await info.context.edges.account(root.account_id)


async def _transactions(
    root: strawberry.Parent[Hold], info: Info, first: First = 20, after: After = None
) -> Connection[Transaction] | None:
    return await info.context.edges.captures_of(root.id, first, after)


@strawberry.type(
    description="Money set aside on an account: posted still, and no longer available. It ends once: captured, "
    "released or expired. Read by every role."
)
class Hold(Node):
    account_id: strawberry.Private[str]
    state: HoldState = strawberry.field(description="Where it stands now; one that has run out is EXPIRED.")
    amount: Money = strawberry.field(description="How much was set aside; positive.")
    captured: Money = strawberry.field(description="How much of it was moved in the end: zero unless CAPTURED.")
    description: str | None = strawberry.field(
        description="In the words of the one who placed it; null if there are none."
    )
    placed_at: DateTime = strawberry.field(description="When it was placed.")
    expires_at: DateTime | None = strawberry.field(
        description="From when on it no longer counts unless it has ended before; null for never."
    )
    account: _LazyAccount | None = guarded(_account, RequiresRole(EVERYONE), "The account that it was placed on.")
    transactions: Connection[Transaction] | None = guarded(
        _transactions, RequiresRole(EVERYONE), "What made it good: one CAPTURE if it is CAPTURED, else nothing."
    )

    @classmethod
    def of(cls, hold: domain.Hold) -> Hold:
        """Present a hold."""
        return cls(
            id=strawberry.ID(hold.id),
            account_id=hold.account_id,
            state=hold.state,
            amount=Money.of(hold.amount),
            captured=Money.of(hold.captured),
            description=hold.description,
            placed_at=DateTime(hold.placed_at),
            expires_at=date_time(hold.expires_at),
        )


_NOTE = "In your own words; at most 500 characters. It is kept with the audit record."


@strawberry.input(description="What to set aside.")
class PlaceHoldInput:
    account_id: strawberry.ID = strawberry.field(description="The account to hold it on.")
    amount: MoneyInput = strawberry.field(description="How much: positive, in the account's currency.")
    description: str | None = strawberry.field(default=None, description="In your own words; at most 500 characters.")
    expires_at: DateTime | None = strawberry.field(
        default=None, description="When it ends by itself, in the future; never if left out."
    )
    expected_version: Int64 | None = strawberry.field(
        default=None, description="Refuse with PreconditionFailed unless the account has this version."
    )
    min_available_after: Decimal | None = strawberry.field(
        default=None,
        description="Refuse with PreconditionFailed if less would be available afterwards, in major units of the "
        "account's currency.",
    )


@strawberry.input(description="What of a hold to move, and where to.")
class CaptureHoldInput:
    hold_id: strawberry.ID = strawberry.field(description="The hold.")
    amount: MoneyInput | None = strawberry.field(
        default=None,
        description="How much: positive, at most what is held, in its currency; all of it if left out. The rest is "
        "available again.",
    )
    to_account_id: strawberry.ID | None = strawberry.field(
        default=None, description="Another account, of the same currency, to credit; if left out, money is paid out."
    )
    note: str | None = strawberry.field(
        default=None, description=f"{_NOTE} Needed where a live freeze stops debits of the hold's account."
    )


@strawberry.input(description="Which hold to give up.")
class ReleaseHoldInput:
    hold_id: strawberry.ID = strawberry.field(description="The hold.")
    note: str | None = strawberry.field(default=None, description=_NOTE)
