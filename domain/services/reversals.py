"""Reversals: taking an earlier transaction back, whole or in part, by one that moves the other way."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from domain import accounts, text
from domain.access import Operation
from domain.accounts import AMOUNT, Account, AccountKind, Deed
from domain.commands import Command
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    CurrencyMismatch,
    DomainError,
    InsufficientFunds,
    InvalidAmount,
    InvalidInput,
    LimitExceeded,
    NotReversible,
    TransactionNotFound,
)
from domain.money import Money, zero
from domain.records import FREE_TEXT
from domain.services.movements import require_amount
from domain.services.postings import move
from domain.transactions import Reversal, Transaction, TransactionKind
from domain.unit_of_work import UnitOfWork

TRANSACTION_ID = ("input", "transactionId")

FINAL = frozenset({TransactionKind.REVERSAL, TransactionKind.SWEEP})
"""Kinds that have no reversal: what corrects a correction is a new movement, and a swept account is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseTransaction(Command):
    """Take a transaction back: so much of it, or all that is left."""

    operation: ClassVar[Operation] = Operation.REVERSE_TRANSACTION
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset(
        {
            InvalidInput,
            InvalidAmount,
            TransactionNotFound,
            AccountClosed,
            AccountFrozen,
            NotReversible,
            CurrencyMismatch,
            LimitExceeded,
            InsufficientFunds,
        }
    )

    transaction_id: str
    amount: Money | None = None
    description: str | None = field(default=None, metadata=FREE_TEXT)

    def __post_init__(self) -> None:
        text.require_id(self.transaction_id, TRANSACTION_ID)
        object.__setattr__(self, "description", text.sound_note(self.description, ("input", "description")))
        if self.amount is not None:
            require_amount(self.amount)

    @property
    def transaction_ids(self) -> tuple[str, ...]:
        return (self.transaction_id,)


@dataclass(frozen=True, slots=True)
class ReverseTransactionSuccess:
    """The reversal, what it takes back, and the customers' accounts right after it."""

    transaction: Transaction
    original: Transaction
    accounts: tuple[Account, ...]


def reverse_transaction(work: UnitOfWork, command: ReverseTransaction) -> ReverseTransactionSuccess:
    """Move money back to where it came from. A customer whom that would overdraw is not debited."""
    original = _known(work, command)
    paid, received = (_account(work, entry.account_id) for entry in original.entries)
    for account in (paid, received):
        accounts.require_open(account, TRANSACTION_ID)
    accounts.require_unfrozen(received, work.live_freezes(received.id), Deed.DEBIT, TRANSACTION_ID)
    last = work.last_reversal(original.id)
    amount = _amount(original, last, command)
    path = AMOUNT if command.amount else TRANSACTION_ID
    accounts.require_room(received, -amount, path)
    accounts.require_room(paid, amount, path)
    if received.kind is AccountKind.CUSTOMER:
        accounts.require_funds(received, amount, path)
    words = {"description": command.description, "reverses": original.id}
    transaction, *moved = move(work, TransactionKind.REVERSAL, amount, received, paid, **words)
    work.stage_reversal(transaction, _following(last, original, transaction))
    customers = tuple(account for account in moved if account.kind is AccountKind.CUSTOMER)
    return ReverseTransactionSuccess(transaction, original, customers)


def _known(work: UnitOfWork, command: ReverseTransaction) -> Transaction:
    original = work.transaction(command.transaction_id)
    if original is None:
        raise TransactionNotFound(command.transaction_id, path=TRANSACTION_ID)
    if original.kind in FINAL:
        raise NotReversible(original.id, zero(original.amount.currency), path=TRANSACTION_ID)
    return original


def _account(work: UnitOfWork, account_id: str) -> Account:
    account = work.account(account_id)
    if account is None:
        raise ValueError("every entry has its account")
    return account


def _amount(original: Transaction, last: Reversal | None, command: ReverseTransaction) -> Money:
    """Return how much to take back: what is asked for, or all that is left."""
    left = original.amount - last.cumulative if last else original.amount
    asked = command.amount or left
    if not left.minor:
        raise NotReversible(original.id, left, path=TRANSACTION_ID)
    if asked.currency != left.currency:
        raise CurrencyMismatch(left.currency.code, path=(*AMOUNT, "currency"))
    if left < asked:
        raise NotReversible(original.id, left, path=AMOUNT)
    return asked


def _following(last: Reversal | None, original: Transaction, transaction: Transaction) -> Reversal:
    cumulative = last.cumulative + transaction.amount if last else transaction.amount
    n = last.n + 1 if last else 1
    return Reversal(original.id, original.sequence, n, transaction.sequence, cumulative)
