"""Capturing holds: money that was set aside moves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from domain import accounts, text
from domain.access import Operation
from domain.accounts import AMOUNT, Account, Deed
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotFound,
    CurrencyMismatch,
    DomainError,
    HoldNotFound,
    HoldNotOpen,
    InvalidAmount,
    InvalidInput,
    LimitExceeded,
    SameAccount,
)
from domain.freezes import Freeze
from domain.holds import Hold, HoldState
from domain.money import Money
from domain.services.holds import HOLD_ID, NOTE, HoldCommand, freed, require_hold_open
from domain.services.movements import TO_ACCOUNT_ID, require_amount
from domain.services.postings import move
from domain.transactions import Transaction, TransactionKind
from domain.unit_of_work import UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureHold(HoldCommand):
    """Move what was set aside, all or a part, to another account or out; the rest is available again."""

    operation: ClassVar[Operation] = Operation.CAPTURE_HOLD
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset(
        {
            InvalidInput,
            InvalidAmount,
            SameAccount,
            AccountNotFound,
            HoldNotFound,
            AccountClosed,
            AccountFrozen,
            HoldNotOpen,
            CurrencyMismatch,
            LimitExceeded,
        }
    )

    amount: Money | None = None
    to_account_id: str | None = None

    def __post_init__(self) -> None:
        HoldCommand.__post_init__(self)
        if self.to_account_id is not None:
            text.require_id(self.to_account_id, TO_ACCOUNT_ID)
        if self.amount is not None:
            require_amount(self.amount)

    @property
    def account_ids(self) -> tuple[str, ...]:
        return () if self.to_account_id is None else (self.to_account_id,)


@dataclass(frozen=True, slots=True)
class CaptureHoldSuccess:
    """The hold as captured, the movement, the account that paid, and the one that was paid, if it is a customer's."""

    hold: Hold
    transaction: Transaction
    account: Account
    to_account: Account | None = None


def capture_hold(work: UnitOfWork, command: CaptureHold) -> CaptureHoldSuccess:
    """End an open hold by moving money. Without an amount all of it goes; without an account it goes out."""
    hold, target = _found(work, command)
    account = work.customer_account(hold.account_id, HOLD_ID)
    amount = command.amount or hold.amount
    _require_capturable(work, command, hold, account, target)
    paid = target or work.house_account(account.currency)
    path = AMOUNT if command.amount else HOLD_ID
    accounts.require_room(account, -amount, path)
    accounts.require_room(paid, amount, path)
    captured = replace(hold, state=HoldState.CAPTURED, captured=amount)
    transaction, account, paid = move(work, TransactionKind.CAPTURE, amount, freed(account, hold), paid)
    work.stage_hold(captured)
    return CaptureHoldSuccess(captured, transaction, account, paid if target else None)


def _found(work: UnitOfWork, command: CaptureHold) -> tuple[Hold, Account | None]:
    """Return what the command names. What can never be right of a hold that exists is told before what is missing."""
    hold = work.hold(command.hold_id)
    if hold is not None:
        _require_within(hold, command.amount)
        if hold.account_id == command.to_account_id:
            raise SameAccount(path=TO_ACCOUNT_ID)
    target = None
    if command.to_account_id is not None:
        target = work.customer_account(command.to_account_id, TO_ACCOUNT_ID)
    if hold is None:
        raise HoldNotFound(command.hold_id, path=HOLD_ID)
    return hold, target


def _require_within(hold: Hold, amount: Money | None) -> None:
    if amount is not None and amount.currency == hold.amount.currency and hold.amount < amount:
        raise InvalidAmount(hold.amount.currency.exponent, hold.amount, path=(*AMOUNT, "amount"))


def _require_capturable(
    work: UnitOfWork, command: CaptureHold, hold: Hold, account: Account, target: Account | None
) -> None:
    """Refuse in order of precedence across both accounts."""
    for side, path in ((account, HOLD_ID), (target, TO_ACCOUNT_ID)):
        if side is not None:
            accounts.require_open(side, path)
    stopping = [freeze for freeze in work.live_freezes(account.id) if not _may_pass(hold, freeze, command.note)]
    accounts.require_unfrozen(account, stopping, Deed.DEBIT, NOTE)
    if target is not None:
        accounts.require_unfrozen(target, work.live_freezes(target.id), Deed.CREDIT, TO_ACCOUNT_ID)
    require_hold_open(hold)
    if command.amount is not None:
        accounts.require_currency(account, command.amount)
    if target is not None:
        accounts.require_currency(target, hold.amount, TO_ACCOUNT_ID)


def _may_pass(hold: Hold, freeze: Freeze, note: str | None) -> bool:
    """Tell whether a hold may be captured past a freeze: it was promised before, and somebody says why."""
    return note is not None and hold.placed_at <= freeze.placed_at
