"""Deposits, withdrawals and transfers: check, load, decide, stage, answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple

from domain import accounts, text
from domain.access import Operation
from domain.accounts import Account, Deed
from domain.commands import Command
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotFound,
    CurrencyMismatch,
    DomainError,
    InputPath,
    InsufficientFunds,
    InvalidAmount,
    InvalidInput,
    LimitExceeded,
    PreconditionFailed,
    SameAccount,
)
from domain.money import LARGEST_BALANCE, Money
from domain.records import FREE_TEXT
from domain.services.postings import move
from domain.text import Metadata
from domain.transactions import Transaction, TransactionKind
from domain.unit_of_work import UnitOfWork

ACCOUNT_ID = ("input", "accountId")
FROM_ACCOUNT_ID = ("input", "fromAccountId")
TO_ACCOUNT_ID = ("input", "toAccountId")

CREDIT_REFUSALS: frozenset[type[DomainError]] = frozenset(
    {
        InvalidInput,
        InvalidAmount,
        AccountNotFound,
        AccountClosed,
        AccountFrozen,
        CurrencyMismatch,
        PreconditionFailed,
        LimitExceeded,
    }
)
DEBIT_REFUSALS = CREDIT_REFUSALS | {InsufficientFunds}


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement(Command):
    """What deposits, withdrawals and transfers share. The amount is positive.

    `expected_version` and `min_available_after` are preconditions on the account that is debited, or credited by a
    deposit.
    """

    account_paths: ClassVar[tuple[InputPath, ...]] = (ACCOUNT_ID,)

    amount: Money
    reference: str | None = None
    description: str | None = field(default=None, metadata=FREE_TEXT)
    metadata: Metadata = field(default=(), metadata=FREE_TEXT)
    expected_version: int | None = None

    def __post_init__(self) -> None:
        for account_id, path in zip(self.account_ids, self.account_paths, strict=True):
            text.require_id(account_id, path)
        text.require_reference(self.reference, ("input", "reference"))
        object.__setattr__(self, "description", text.sound_note(self.description, ("input", "description")))
        object.__setattr__(self, "metadata", text.sorted_metadata(self.metadata, ("input", "metadata")))
        require_amount(self.amount)

    @property
    def bounded_amount(self) -> Money:
        return self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseMovement(Movement):
    """A movement between one account and the outside world, which the house account stands for."""

    account_id: str

    @property
    def account_ids(self) -> tuple[str, ...]:
        return (self.account_id,)

    @property
    def moved_ids(self) -> tuple[str, ...]:
        return (self.account_id, accounts.house_account_id(self.amount.currency))


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit(HouseMovement):
    """Bring money in from outside."""

    operation: ClassVar[Operation] = Operation.DEPOSIT
    refusals: ClassVar[frozenset[type[DomainError]]] = CREDIT_REFUSALS


@dataclass(frozen=True, slots=True)
class DepositSuccess:
    """The movement, and the account right after it."""

    transaction: Transaction
    account: Account


def deposit(work: UnitOfWork, command: Deposit) -> DepositSuccess:
    """Credit an account; the house account of the currency is the other side."""
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    require_movable(work, command.amount, Side(account, Deed.CREDIT, ACCOUNT_ID))
    require_version(account, command.expected_version)
    house = work.house_account(account.currency)
    accounts.require_room(account, command.amount)
    accounts.require_room(house, -command.amount)
    transaction, _, account = _move(work, command, TransactionKind.DEPOSIT, house, account)
    return DepositSuccess(transaction, account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(HouseMovement):
    """Pay money out."""

    operation: ClassVar[Operation] = Operation.WITHDRAW
    refusals: ClassVar[frozenset[type[DomainError]]] = DEBIT_REFUSALS

    min_available_after: Money | None = None


@dataclass(frozen=True, slots=True)
class WithdrawSuccess:
    """The movement, and the account right after it."""

    transaction: Transaction
    account: Account


def withdraw(work: UnitOfWork, command: Withdraw) -> WithdrawSuccess:
    """Debit an account; the house account of the currency is the other side."""
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    require_movable(work, command.amount, Side(account, Deed.DEBIT, ACCOUNT_ID))
    require_version(account, command.expected_version)
    require_left(account, command.amount, command.min_available_after)
    house = work.house_account(account.currency)
    accounts.require_room(account, -command.amount)
    accounts.require_room(house, command.amount)
    accounts.require_funds(account, command.amount)
    transaction, account, _ = _move(work, command, TransactionKind.WITHDRAWAL, account, house)
    return WithdrawSuccess(transaction, account)


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Movement):
    """Move money between two customers' accounts of one currency."""

    operation: ClassVar[Operation] = Operation.TRANSFER
    refusals: ClassVar[frozenset[type[DomainError]]] = DEBIT_REFUSALS | {SameAccount}
    account_paths: ClassVar[tuple[InputPath, ...]] = (FROM_ACCOUNT_ID, TO_ACCOUNT_ID)

    from_account_id: str
    to_account_id: str
    min_available_after: Money | None = None

    def __post_init__(self) -> None:
        # Named, because the zero-argument form loses its class where a slotted dataclass is rebuilt.
        Movement.__post_init__(self)
        if self.from_account_id == self.to_account_id:
            raise SameAccount(path=TO_ACCOUNT_ID)

    @property
    def account_ids(self) -> tuple[str, ...]:
        return (self.from_account_id, self.to_account_id)


@dataclass(frozen=True, slots=True)
class TransferSuccess:
    """The movement, and both accounts right after it."""

    transaction: Transaction
    from_account: Account
    to_account: Account


def transfer(work: UnitOfWork, command: Transfer) -> TransferSuccess:
    """Debit one account and credit the other, in one transaction."""
    source = work.customer_account(command.from_account_id, FROM_ACCOUNT_ID)
    target = work.customer_account(command.to_account_id, TO_ACCOUNT_ID)
    sides = (Side(source, Deed.DEBIT, FROM_ACCOUNT_ID), Side(target, Deed.CREDIT, TO_ACCOUNT_ID))
    require_movable(work, command.amount, *sides)
    require_version(source, command.expected_version)
    require_left(source, command.amount, command.min_available_after)
    accounts.require_room(source, -command.amount)
    accounts.require_room(target, command.amount)
    accounts.require_funds(source, command.amount)
    return TransferSuccess(*_move(work, command, TransactionKind.TRANSFER, source, target))


def require_amount(amount: Money) -> None:
    """Refuse what cannot be moved by anyone."""
    if not 1 <= amount.minor <= LARGEST_BALANCE:
        largest = Money(LARGEST_BALANCE, amount.currency)
        raise InvalidAmount(amount.currency.exponent, largest, path=(*accounts.AMOUNT, "amount"))


class Side(NamedTuple):
    """What a movement does to one of its accounts, and where that account was named."""

    account: Account
    deed: Deed
    path: InputPath


def require_movable(work: UnitOfWork, amount: Money, *sides: Side) -> None:
    """Refuse in order of precedence across all sides: closed before frozen, frozen before currency."""
    for account, _, path in sides:
        accounts.require_open(account, path)
    for account, deed, path in sides:
        accounts.require_unfrozen(account, work.live_freezes(account.id), deed, path)
    for account, _, _ in sides:
        accounts.require_currency(account, amount)


def require_version(account: Account, expected: int | None) -> None:
    """Refuse an account that has moved on since the caller looked."""
    if expected is not None and account.version != expected:
        raise PreconditionFailed(account.version, account.available, path=("input", "expectedVersion"))


def require_left(account: Account, debit: Money, minimum: Money | None) -> None:
    """Refuse a debit that leaves less available than the caller wants."""
    if minimum is not None and account.available.minor - debit.minor < minimum.minor:
        raise PreconditionFailed(account.version, account.available, path=("input", "minAvailableAfter"))


def _move(
    work: UnitOfWork, command: Movement, kind: TransactionKind, source: Account, target: Account
) -> tuple[Transaction, Account, Account]:
    """Stage a movement already found possible, in the caller's words."""
    return move(
        work,
        kind,
        command.amount,
        source,
        target,
        reference=command.reference,
        description=command.description,
        metadata=command.metadata,
    )
