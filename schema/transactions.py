"""Transactions and entries, as they are said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from domain import transactions as domain
from domain.access import EVERYONE
from domain.instants import Instant
from schema.context import Info
from schema.enums import TransactionKind
from schema.filters import AmountRange, TimeRange
from schema.money import MetadataEntry, MetadataEntryInput, Money, MoneyInput
from schema.nodes import Node
from schema.pages import After, Connection, First
from schema.permissions import RequiresRole, guarded
from schema.scalars import DateTime, Decimal, Int64

if TYPE_CHECKING:
    from schema.accounts import Account
    from schema.holds import Hold

_LazyAccount = Annotated["Account", strawberry.lazy("schema.accounts")]
_LazyHold = Annotated["Hold", strawberry.lazy("schema.holds")]


async def _account(root: strawberry.Parent[Entry], info: Info) -> _LazyAccount | None:
    return await info.context.edges.account(root.account_id)


async def _transaction(root: strawberry.Parent[Entry], info: Info) -> Transaction | None:
    return await info.context.edges.transaction(root.transaction_id)


async def _reverses(root: strawberry.Parent[Transaction], info: Info) -> Transaction | None:
    return await info.context.edges.transaction(root.reverses_id) if root.reverses_id else None


async def _reversed_amount(root: strawberry.Parent[Transaction], info: Info) -> Money | None:
    return await info.context.edges.reversed_amount_of(root.id)


async def _reversals(
    root: strawberry.Parent[Transaction], info: Info, first: First = 20, after: After = None
) -> Connection[Transaction] | None:
    return await info.context.edges.reversals_of(root.id, first, after)


async def _hold(root: strawberry.Parent[Transaction], info: Info) -> _LazyHold | None:
    is_capture = root.kind is TransactionKind.CAPTURE
    return await info.context.edges.hold_captured_at(root.sequence) if is_capture else None


@strawberry.type(description="What one transaction did to one account.")
class Entry:
    account_id: strawberry.Private[str]
    transaction_id: strawberry.Private[str]
    version: Int64 = strawberry.field(description="The account's version with this entry.")
    amount: Money = strawberry.field(description="Positive when it reached the account, negative when it left.")
    balance_after: Money = strawberry.field(description="The account's posted balance with this entry.")
    created_at: DateTime = strawberry.field(description="When the transaction was made.")
    account: _LazyAccount | None = guarded(
        _account, RequiresRole(EVERYONE), "The account; null for the house, the outside world's side."
    )
    transaction: Transaction | None = guarded(_transaction, RequiresRole(EVERYONE), "The transaction it is part of.")

    @classmethod
    def of(cls, entry: domain.Entry, transaction_id: str, created_at: Instant) -> Entry:
        """Present an entry."""
        return cls(
            account_id=entry.account_id,
            transaction_id=transaction_id,
            version=Int64(entry.version),
            amount=Money.of(entry.amount),
            balance_after=Money.of(entry.balance_after),
            created_at=DateTime(created_at),
        )


@strawberry.type(description="One movement of money. Never changed, never deleted. Read by every role.")
class Transaction(Node):
    reverses_id: strawberry.Private[str | None]
    sequence: Int64 = strawberry.field(description="Its place in the audit log: greater is later, without exception.")
    kind: TransactionKind = strawberry.field(description="Why money moved.")
    amount: Money = strawberry.field(description="How much; positive.")
    entries: list[Entry] = strawberry.field(
        description="What it did to each account, debits first. They sum to zero. The house's entry shows no account."
    )
    reference: str | None = strawberry.field(
        description="The caller's own reference, not unique; null if none was given."
    )
    description: str | None = strawberry.field(description="In the caller's own words; null if there are none.")
    metadata: list[MetadataEntry] = strawberry.field(description="The caller's own data, sorted by key.")
    created_at: DateTime = strawberry.field(description="When it was made.")
    reverses: Transaction | None = guarded(
        _reverses, RequiresRole(EVERYONE), "The transaction that it takes back; null unless it is a REVERSAL."
    )
    reversed_amount: Money | None = guarded(
        _reversed_amount, RequiresRole(EVERYONE), "How much of it is taken back by now; zero for none."
    )
    reversals: Connection[Transaction] | None = guarded(
        _reversals, RequiresRole(EVERYONE), "What takes it back, newest first."
    )
    hold: _LazyHold | None = guarded(
        _hold, RequiresRole(EVERYONE), "The hold that it made good; null for any kind but CAPTURE."
    )

    @classmethod
    def of(cls, transaction: domain.Transaction) -> Transaction:
        """Present a transaction."""
        return cls(
            id=strawberry.ID(transaction.id),
            reverses_id=transaction.reverses,
            sequence=Int64(transaction.sequence),
            kind=transaction.kind,
            amount=Money.of(transaction.amount),
            entries=[Entry.of(entry, transaction.id, transaction.created_at) for entry in transaction.entries],
            reference=transaction.reference,
            description=transaction.description,
            metadata=MetadataEntry.all_of(transaction.metadata),
            created_at=DateTime(transaction.created_at),
        )


@strawberry.input(description="Which entries of an account to list. What is left out does not restrict.")
class EntryFilter:
    created_at: TimeRange | None = strawberry.field(default=None, description="Only those made in this range.")
    amount: AmountRange | None = strawberry.field(
        default=None, description="Only those of this signed amount: negative where money left."
    )


@strawberry.input(description="Which transactions to list. What is left out does not restrict.")
class TransactionFilter:
    kind: TransactionKind | None = strawberry.field(default=None, description="Only those of this kind.")
    account_id: strawberry.ID | None = strawberry.field(default=None, description="Only those with this account.")
    reference: str | None = strawberry.field(default=None, description="Only those with exactly this reference.")
    amount: AmountRange | None = strawberry.field(default=None, description="Only those of this amount.")
    created_at: TimeRange | None = strawberry.field(default=None, description="Only those made in this range.")


_REFERENCE = "The caller's own reference: at most 128 characters, no personal data; not unique."
_DESCRIPTION = "In your own words; at most 500 characters."
_METADATA = "The caller's own data: at most 20 pairs."
_EXPECTED_VERSION = "Refuse with PreconditionFailed unless the account has this version."
_MIN_AVAILABLE_AFTER = (
    "Refuse with PreconditionFailed if less would be available afterwards, in major units of the account's currency."
)


@strawberry.input(description="What to deposit.")
class DepositInput:
    account_id: strawberry.ID = strawberry.field(description="The account to credit.")
    amount: MoneyInput = strawberry.field(description="How much: positive, in the account's currency.")
    reference: str | None = strawberry.field(default=None, description=_REFERENCE)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    metadata: list[MetadataEntryInput] | None = strawberry.field(default=None, description=_METADATA)
    expected_version: Int64 | None = strawberry.field(default=None, description=_EXPECTED_VERSION)


@strawberry.input(description="What to withdraw.")
class WithdrawInput:
    account_id: strawberry.ID = strawberry.field(description="The account to debit.")
    amount: MoneyInput = strawberry.field(description="How much: positive, in the account's currency.")
    reference: str | None = strawberry.field(default=None, description=_REFERENCE)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    metadata: list[MetadataEntryInput] | None = strawberry.field(default=None, description=_METADATA)
    expected_version: Int64 | None = strawberry.field(default=None, description=_EXPECTED_VERSION)
    min_available_after: Decimal | None = strawberry.field(default=None, description=_MIN_AVAILABLE_AFTER)


@strawberry.input(description="What to transfer.")
class TransferInput:
    from_account_id: strawberry.ID = strawberry.field(description="The account to debit.")
    to_account_id: strawberry.ID = strawberry.field(description="The account to credit.")
    amount: MoneyInput = strawberry.field(description="How much: positive, in the currency of both accounts.")
    reference: str | None = strawberry.field(default=None, description=_REFERENCE)
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
    metadata: list[MetadataEntryInput] | None = strawberry.field(default=None, description=_METADATA)
    expected_version: Int64 | None = strawberry.field(
        default=None, description="Refuse with PreconditionFailed unless the debited account has this version."
    )
    min_available_after: Decimal | None = strawberry.field(
        default=None,
        description="Refuse with PreconditionFailed if less would be available on the debited account afterwards, in "
        "major units of its currency.",
    )


@strawberry.input(description="What to take back.")
class ReverseTransactionInput:
    transaction_id: strawberry.ID = strawberry.field(description="The transaction: no REVERSAL, and no SWEEP.")
    amount: MoneyInput | None = strawberry.field(
        default=None, description="How much of it: positive, in its currency; all that is left if left out."
    )
    description: str | None = strawberry.field(default=None, description=_DESCRIPTION)
