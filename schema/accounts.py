"""Accounts and freezes, as they are said."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain import accounts as domain
from domain import freezes
from domain.access import AUDITORS, EVERYONE
from schema.access import ApiClient
from schema.context import Info
from schema.enums import AccountState, FreezeReason, FreezeScope, HoldState
from schema.filters import TimeRange
from schema.holds import Hold
from schema.money import MetadataEntry, MetadataEntryInput, Money, MoneyInput
from schema.nodes import Node
from schema.pages import After, Connection, First
from schema.permissions import RequiresRole, RequiresRoleOrSelf, guarded
from schema.scalars import CurrencyCode, DateTime, Decimal, Int64, date_time
from schema.statements import Statement
from schema.transactions import Entry, EntryFilter

At = Annotated[DateTime, strawberry.argument(description="The instant; not in the future.")]
Since = Annotated[DateTime, strawberry.argument(description="The first instant that counts.")]
Until = Annotated[
    DateTime,
    strawberry.argument(description="The first instant that no longer counts; not before since, not in the future."),
]
LiveOnly = Annotated[bool, strawberry.argument(description="Leave out what was released or has run out.")]


async def _placed_by(root: strawberry.Parent[Freeze], info: Info) -> ApiClient | None:
    return await info.context.edges.api_client(root.placed_by_id)


async def _released_by(root: strawberry.Parent[Freeze], info: Info) -> ApiClient | None:
    return await info.context.edges.api_client(root.released_by_id) if root.released_by_id else None


async def _freezes(
    root: strawberry.Parent[Account],
    info: Info,
    live_only: LiveOnly = True,  # noqa: FBT002 - GraphQL arguments are named
    first: First = 20,
    after: After = None,
) -> Connection[Freeze] | None:
    return await info.context.edges.freezes_of(root.id, live_only=live_only, first=first, after=after)


async def _holds(
    root: strawberry.Parent[Account],
    info: Info,
    state: Annotated[
        HoldState | None, strawberry.argument(description="Only those in this state; all if left out.")
    ] = None,
    first: First = 20,
    after: After = None,
) -> Connection[Hold] | None:
    return await info.context.edges.holds_of(root.id, state, first, after)


async def _entries(
    root: strawberry.Parent[Account],
    info: Info,
    filter: Annotated[EntryFilter | None, strawberry.argument(description="Which entries; all if left out.")] = None,
    first: First = 20,
    after: After = None,
) -> Connection[Entry] | None:
    return await info.context.edges.entries_of(root.id, filter, first, after)


async def _balance_at(root: strawberry.Parent[Account], info: Info, at: At) -> Money | None:
    return await info.context.edges.balance_at(root.id, at)


async def _statement(root: strawberry.Parent[Account], info: Info, since: Since, until: Until) -> Statement | None:
    return await info.context.edges.statement_of(root.id, since, until)


@strawberry.type(description="One reason why an account is FROZEN. Several can be live; each is released on its own.")
class Freeze(Node):
    placed_by_id: strawberry.Private[str]
    released_by_id: strawberry.Private[str | None]
    scope: FreezeScope = strawberry.field(description="What it stops.")
    reason: FreezeReason = strawberry.field(description="Why it was placed, which also decides who may release it.")
    note: str | None = strawberry.field(description="In the words of the one who placed it; null if there are none.")
    placed_at: DateTime = strawberry.field(description="When it was placed.")
    expires_at: DateTime | None = strawberry.field(description="From when on it no longer counts; null for never.")
    released_at: DateTime | None = strawberry.field(
        description="When it was released, or settled after it had run out; null before."
    )
    placed_by: ApiClient | None = guarded(
        _placed_by, RequiresRoleOrSelf(AUDITORS, lambda freeze: freeze.placed_by_id), "Who placed it."
    )
    released_by: ApiClient | None = guarded(
        _released_by,
        RequiresRoleOrSelf(AUDITORS, lambda freeze: freeze.released_by_id),
        "Who released it; the system, if it ran out.",
    )

    @classmethod
    def of(cls, freeze: freezes.Freeze) -> Freeze:
        """Present a freeze."""
        return cls(
            id=strawberry.ID(freeze.id),
            placed_by_id=freeze.placed_by,
            released_by_id=freeze.released_by,
            scope=freeze.scope,
            reason=freeze.reason,
            note=freeze.note,
            placed_at=DateTime(freeze.placed_at),
            expires_at=date_time(freeze.expires_at),
            released_at=date_time(freeze.released_at),
        )


@strawberry.type(description="A customer's balance in one currency. Read by every role.")
class Account(Node):
    reference: str | None = strawberry.field(
        description="The caller's own id of the account, unique; null if none was given."
    )
    name: str = strawberry.field(description="What the account is called.")
    currency: CurrencyCode = strawberry.field(description="The only currency it holds.")
    state: AccountState = strawberry.field(
        description="Where it stands now; a freeze that has run out no longer counts."
    )
    posted: Money = strawberry.field(description="What came in less what went out: the sum of its entries.")
    held: Money = strawberry.field(description="What open holds have set aside; one that has run out no longer counts.")
    available: Money = strawberry.field(
        description="What can be withdrawn or transferred: posted - held + overdraftLimit. Never negative."
    )
    overdraft_limit: Money = strawberry.field(description="How far posted may go below zero; zero or positive.")
    version: Int64 = strawberry.field(
        description="How many entries it has: one more with each. See expectedVersion of a movement."
    )
    metadata: list[MetadataEntry] = strawberry.field(description="The caller's own data, sorted by key.")
    opened_at: DateTime = strawberry.field(description="When it was opened.")
    closed_at: DateTime | None = strawberry.field(description="When it was closed; null if it was not.")
    freezes: Connection[Freeze] | None = guarded(_freezes, RequiresRole(EVERYONE), "Its freezes, newest first.")
    entries: Connection[Entry] | None = guarded(_entries, RequiresRole(EVERYONE), "Its entries, oldest first.")
    holds: Connection[Hold] | None = guarded(_holds, RequiresRole(EVERYONE), "Its holds, newest first.")
    balance_at: Money | None = guarded(
        _balance_at,
        RequiresRole(EVERYONE),
        "What was posted at an instant: the balance of all entries made before it, so that it is the opening of a "
        "statement since then. Zero before the first entry, and before the account was opened.",
    )
    statement: Statement | None = guarded(
        _statement,
        RequiresRole(EVERYONE),
        "What happened from one instant up to another; half-open, so that statements in a row meet and never overlap.",
    )

    @classmethod
    def of(cls, account: domain.Account) -> Account:
        """Present an account."""
        return cls(
            id=strawberry.ID(account.id),
            reference=account.reference,
            name=account.name,
            currency=CurrencyCode(account.currency.code),
            state=account.state,
            posted=Money.of(account.posted),
            held=Money.of(account.held),
            available=Money.of(account.available),
            overdraft_limit=Money.of(account.overdraft_limit),
            version=Int64(account.version),
            metadata=MetadataEntry.all_of(account.metadata),
            opened_at=DateTime(account.opened_at),
            closed_at=date_time(account.closed_at),
        )


@strawberry.input(description="Which accounts to list. What is left out does not restrict.")
class AccountFilter:
    state: AccountState | None = strawberry.field(default=None, description="Only those in this state.")
    currency: CurrencyCode | None = strawberry.field(default=None, description="Only those in this currency.")
    reference_prefix: str | None = strawberry.field(
        default=None, description="Only those whose reference begins so; case matters."
    )
    opened_at: TimeRange | None = strawberry.field(default=None, description="Only those opened in this range.")


@strawberry.input(description="Which account to open.")
class OpenAccountInput:
    currency: CurrencyCode = strawberry.field(description="The currency it will hold, for ever.")
    name: str = strawberry.field(description="1 to 128 characters, not blank.")
    reference: str | None = strawberry.field(
        default=None,
        description="The caller's own id of the account: unique, at most 128 characters, no personal data.",
    )
    overdraft_limit: Decimal | None = strawberry.field(
        default=None,
        description="How far it may go below zero, in major units of its currency; zero if left out. A positive one "
        "needs MANAGER or ADMIN.",
    )
    metadata: list[MetadataEntryInput] | None = strawberry.field(
        default=None, description="The caller's own data: at most 20 pairs."
    )


@strawberry.input(description="Which account gets which name.")
class RenameAccountInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    name: str = strawberry.field(description="1 to 128 characters, not blank.")


@strawberry.input(description="Which account to freeze, and how.")
class FreezeAccountInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    scope: FreezeScope = strawberry.field(default=FreezeScope.ALL, description="What to stop.")
    reason: FreezeReason = strawberry.field(description="Why. It decides who may release the freeze.")
    note: str | None = strawberry.field(default=None, description="In your own words; at most 500 characters.")
    expires_at: DateTime | None = strawberry.field(
        default=None, description="When it ends by itself, in the future; never if left out."
    )


@strawberry.input(description="Which freeze to release.")
class UnfreezeAccountInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    freeze_id: strawberry.ID | None = strawberry.field(
        default=None, description="The freeze; may be left out while only one is live."
    )
    note: str | None = strawberry.field(default=None, description="In your own words; at most 500 characters.")


@strawberry.input(description="Which account gets which overdraft limit.")
class SetOverdraftLimitInput:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    limit: MoneyInput = strawberry.field(
        description="How far it may go below zero: zero or positive, in the account's currency."
    )


@strawberry.input(description="Which account to close.")
class CloseAccountInput:
    account_id: strawberry.ID = strawberry.field(
        description="The account. Nothing may be held on it, nor posted unless sweepToAccountId is given."
    )
    sweep_to_account_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Where to move what is posted: another account of the same currency, which could take a deposit.",
    )
    note: str | None = strawberry.field(default=None, description="In your own words; at most 500 characters.")
