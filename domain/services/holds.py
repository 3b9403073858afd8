"""Placing holds and releasing them; what runs out by itself. Capturing is in captures.py."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

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
    HoldNotFound,
    HoldNotOpen,
    InsufficientFunds,
    InvalidAmount,
    InvalidInput,
    PreconditionFailed,
)
from domain.holds import Hold, HoldState
from domain.ids import Prefix
from domain.instants import Instant
from domain.money import Money, zero
from domain.records import FREE_TEXT
from domain.services.accounts import ACCOUNT_ID, AccountCommand
from domain.services.movements import (
    Side,
    require_amount,
    require_left,
    require_movable,
    require_version,
)
from domain.unit_of_work import UnitOfWork

HOLD_ID = ("input", "holdId")
NOTE = ("input", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceHold(AccountCommand):
    """Set money aside: it stays posted, and is no longer available."""

    operation: ClassVar[Operation] = Operation.PLACE_HOLD
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset(
        {
            InvalidInput,
            InvalidAmount,
            AccountNotFound,
            AccountClosed,
            AccountFrozen,
            CurrencyMismatch,
            PreconditionFailed,
            InsufficientFunds,
        }
    )

    amount: Money
    description: str | None = field(default=None, metadata=FREE_TEXT)
    expires_at: Instant | None = None
    expected_version: int | None = None
    min_available_after: Money | None = None

    def __post_init__(self) -> None:
        AccountCommand.__post_init__(self)
        object.__setattr__(self, "description", text.sound_note(self.description, ("input", "description")))
        require_amount(self.amount)

    @property
    def bounded_amount(self) -> Money:
        return self.amount


@dataclass(frozen=True, slots=True)
class PlaceHoldSuccess:
    """The hold, and the account it was placed on."""

    hold: Hold
    account: Account


def place_hold(work: UnitOfWork, command: PlaceHold) -> PlaceHoldSuccess:
    """Set aside what is available. Raises InvalidInput for an expiry that is not in the future."""
    if command.expires_at is not None and command.expires_at <= work.now:
        raise InvalidInput("A hold must expire in the future.", path=("input", "expiresAt"))
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    require_movable(work, command.amount, Side(account, Deed.DEBIT, ACCOUNT_ID))
    require_version(account, command.expected_version)
    require_left(account, command.amount, command.min_available_after)
    accounts.require_funds(account, command.amount)
    hold = Hold(
        id=work.fresh_id(Prefix.HOLD),
        account_id=account.id,
        state=HoldState.OPEN,
        amount=command.amount,
        captured=zero(account.currency),
        description=command.description,
        placed_at=work.now,
        expires_at=command.expires_at,
    )
    holding = replace(account, held=account.held + command.amount)
    work.stage_placed_hold(hold)
    work.stage_account(holding)
    return PlaceHoldSuccess(hold, holding)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldCommand(Command):
    """A deed that ends one hold."""

    hold_id: str
    note: str | None = field(default=None, metadata=FREE_TEXT)

    def __post_init__(self) -> None:
        text.require_id(self.hold_id, HOLD_ID)
        object.__setattr__(self, "note", text.sound_note(self.note, NOTE))

    @property
    def hold_ids(self) -> tuple[str, ...]:
        return (self.hold_id,)

    @property
    def target_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.hold_id, *self.account_ids)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHold(HoldCommand):
    """Give a hold up: what it set aside is available again."""

    operation: ClassVar[Operation] = Operation.RELEASE_HOLD
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, HoldNotFound, HoldNotOpen})


@dataclass(frozen=True, slots=True)
class ReleaseHoldSuccess:
    """The hold as released, and the account."""

    hold: Hold
    account: Account


def release_hold(work: UnitOfWork, command: ReleaseHold) -> ReleaseHoldSuccess:
    """End an open hold without moving money. No freeze stands in the way."""
    hold = work.hold(command.hold_id)
    if hold is None:
        raise HoldNotFound(command.hold_id, path=HOLD_ID)
    require_hold_open(hold)
    return ReleaseHoldSuccess(*_end(work, hold, HoldState.RELEASED))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpireHold(AccountCommand):
    """Settle a hold that has run out. The system's own deed: no mutation asks for it."""

    operation: ClassVar[Operation] = Operation.EXPIRE_HOLD
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset()

    hold_id: str


@dataclass(frozen=True, slots=True)
class ExpireHoldSuccess:
    """The hold that ended, and the account."""

    hold: Hold
    account: Account


def expire_hold(work: UnitOfWork, command: ExpireHold) -> ExpireHoldSuccess:
    """End a due hold."""
    hold = work.hold(command.hold_id)
    if hold is None or not hold.is_due(work.now):
        raise ValueError("only a due hold expires")
    return ExpireHoldSuccess(*_end(work, hold, HoldState.EXPIRED))


def _end(work: UnitOfWork, hold: Hold, state: HoldState) -> tuple[Hold, Account]:
    ended = replace(hold, state=state)
    account = freed(work.customer_account(hold.account_id, HOLD_ID), hold)
    work.stage_hold(ended)
    work.stage_account(account)
    return ended, account


def require_hold_open(hold: Hold) -> None:
    """Raise HoldNotOpen if it has ended."""
    if hold.state is not HoldState.OPEN:
        raise HoldNotOpen(hold.id, hold.state, path=HOLD_ID)


def freed(account: Account, hold: Hold) -> Account:
    """Return the account without what the hold has set aside on it."""
    return replace(account, held=account.held - hold.amount)
