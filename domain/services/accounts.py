"""Opening, renaming and closing accounts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

from domain import accounts, text
from domain.access import EVERYONE, Operation
from domain.accounts import Account, AccountKind, AccountState, Deed
from domain.commands import Command
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    AccountNotFound,
    CurrencyMismatch,
    DomainError,
    InvalidAmount,
    InvalidInput,
    LimitExceeded,
    NotPermitted,
    ReferenceTaken,
    SameAccount,
)
from domain.freezes import Freeze
from domain.ids import Prefix
from domain.money import LARGEST_BALANCE, Currency, Money, zero
from domain.records import FREE_TEXT
from domain.services.postings import move
from domain.text import Metadata
from domain.transactions import Transaction, TransactionKind
from domain.unit_of_work import UnitOfWork

ACCOUNT_ID = ("input", "accountId")
SWEEP_TO_ACCOUNT_ID = ("input", "sweepToAccountId")
MOST_HOLDS_TOLD = 100
"""How many open holds a refused closing names: the size of the largest page, so that no answer is without bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount(Command):
    """Open an empty account for a customer."""

    operation: ClassVar[Operation] = Operation.OPEN_ACCOUNT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset(
        {InvalidInput, InvalidAmount, NotPermitted, ReferenceTaken}
    )

    currency: Currency
    name: str = field(metadata=FREE_TEXT)
    reference: str | None = None
    overdraft_limit: Money | None = None
    metadata: Metadata = field(default=(), metadata=FREE_TEXT)

    def __post_init__(self) -> None:
        text.require_name(self.name, ("input", "name"))
        text.require_reference(self.reference, ("input", "reference"))
        object.__setattr__(self, "metadata", text.sorted_metadata(self.metadata, ("input", "metadata")))
        limit = self.overdraft_limit or zero(self.currency)
        if not 0 <= limit.minor <= LARGEST_BALANCE:
            largest = Money(LARGEST_BALANCE, self.currency)
            raise InvalidAmount(self.currency.exponent, largest, path=("input", "overdraftLimit"))
        # No limit and a limit of zero are one request: a retry may say it either way.
        object.__setattr__(self, "overdraft_limit", limit if limit.minor else None)


@dataclass(frozen=True, slots=True)
class OpenAccountSuccess:
    """The account as it was opened."""

    account: Account


def open_account(work: UnitOfWork, command: OpenAccount) -> OpenAccountSuccess:
    """Open an account; an overdraft limit needs a MANAGER."""
    limit = command.overdraft_limit or zero(command.currency)
    if limit.minor and work.caller.role not in accounts.MAY_GRANT_OVERDRAFT:
        raise NotPermitted(tuple(sorted(accounts.MAY_GRANT_OVERDRAFT)), path=("input", "overdraftLimit"))
    if command.reference is not None and work.account_id_with_reference(command.reference):
        raise ReferenceTaken(path=("input", "reference"))
    account = Account(
        id=work.fresh_id(Prefix.ACCOUNT),
        kind=AccountKind.CUSTOMER,
        currency=command.currency,
        state=AccountState.ACTIVE,
        posted=zero(command.currency),
        held=zero(command.currency),
        overdraft_limit=limit,
        version=0,
        name=command.name,
        reference=command.reference,
        metadata=command.metadata,
        opened_at=work.now,
    )
    work.stage_opened_account(account)
    return OpenAccountSuccess(account)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCommand(Command):
    """A deed upon one account."""

    account_id: str

    # Subclasses call this by name: where a slotted dataclass is made anew, the argumentless super() loses its class.
    def __post_init__(self) -> None:
        text.require_id(self.account_id, ACCOUNT_ID)

    @property
    def account_ids(self) -> tuple[str, ...]:
        return (self.account_id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameAccount(AccountCommand):
    """Give an account another name."""

    operation: ClassVar[Operation] = Operation.RENAME_ACCOUNT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset({InvalidInput, AccountNotFound, AccountClosed})

    name: str = field(metadata=FREE_TEXT)

    def __post_init__(self) -> None:
        AccountCommand.__post_init__(self)
        text.require_name(self.name, ("input", "name"))


@dataclass(frozen=True, slots=True)
class RenameAccountSuccess:
    """The account under its new name."""

    account: Account


def rename_account(work: UnitOfWork, command: RenameAccount) -> RenameAccountSuccess:
    """Rename an account that is not closed."""
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    accounts.require_open(account, ACCOUNT_ID)
    renamed = replace(account, name=command.name)
    work.stage_renamed_account(renamed)
    return RenameAccountSuccess(renamed)


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAccount(AccountCommand):
    """Close an account, for ever: an empty one, or one whose remainder goes to another account at the same moment."""

    operation: ClassVar[Operation] = Operation.CLOSE_ACCOUNT
    refusals: ClassVar[frozenset[type[DomainError]]] = frozenset(
        {
            InvalidInput,
            SameAccount,
            NotPermitted,
            AccountNotFound,
            AccountClosed,
            AccountFrozen,
            AccountNotEmpty,
            CurrencyMismatch,
            LimitExceeded,
        }
    )

    sweep_to_account_id: str | None = None
    note: str | None = field(default=None, metadata=FREE_TEXT)

    def __post_init__(self) -> None:
        AccountCommand.__post_init__(self)
        object.__setattr__(self, "note", text.sound_note(self.note, ("input", "note")))
        if self.sweep_to_account_id is not None:
            text.require_id(self.sweep_to_account_id, SWEEP_TO_ACCOUNT_ID)
        if self.sweep_to_account_id == self.account_id:
            raise SameAccount(path=SWEEP_TO_ACCOUNT_ID)

    @property
    def account_ids(self) -> tuple[str, ...]:
        return tuple(id_ for id_ in (self.account_id, self.sweep_to_account_id) if id_ is not None)


@dataclass(frozen=True, slots=True)
class CloseAccountSuccess:
    """The closed account and the freezes that ended with it; the sweep, if anything was left, and where it went."""

    account: Account
    sweep: Transaction | None = None
    swept_to: Account | None = None
    released_freezes: tuple[Freeze, ...] = ()


def close_account(work: UnitOfWork, command: CloseAccount) -> CloseAccountSuccess:
    """Close an account that holds nothing and owes nothing; its freezes end and its overdraft limit lapses.

    What is posted is swept, out of a frozen account too: only an ADMIN closes that.
    """
    account = work.customer_account(command.account_id, ACCOUNT_ID)
    _require_may_close(work, account)
    target = _target(work, command)
    accounts.require_open(account, ACCOUNT_ID)
    if target is not None:
        _require_takes_credit(work, target)
    _require_closable(work, account, target)
    sweep = swept_to = None
    if target is not None and account.posted.minor:
        accounts.require_room(target, account.posted, SWEEP_TO_ACCOUNT_ID)
        sweep, account, swept_to = move(work, TransactionKind.SWEEP, account.posted, account, target)
    closed, released = _close(work, account)
    return CloseAccountSuccess(closed, sweep, swept_to, released)


def _require_may_close(work: UnitOfWork, account: Account) -> None:
    """Refuse a role that does not suffice for the account's state; a closed account is refused to every role."""
    may_close = accounts.MAY_CLOSE.get(account.state, EVERYONE)
    if work.caller.role not in may_close:
        raise NotPermitted(tuple(sorted(may_close)), path=ACCOUNT_ID)


def _target(work: UnitOfWork, command: CloseAccount) -> Account | None:
    if command.sweep_to_account_id is None:
        return None
    return work.customer_account(command.sweep_to_account_id, SWEEP_TO_ACCOUNT_ID)


def _require_takes_credit(work: UnitOfWork, target: Account) -> None:
    accounts.require_open(target, SWEEP_TO_ACCOUNT_ID)
    accounts.require_unfrozen(target, work.live_freezes(target.id), Deed.CREDIT, SWEEP_TO_ACCOUNT_ID)


def _require_closable(work: UnitOfWork, account: Account, target: Account | None) -> None:
    """Refuse what no sweep can move: what is held, what is owed, and anything if it has nowhere to go."""
    can_sweep = target is not None and account.posted.minor > 0
    if account.held.minor or (account.posted.minor and not can_sweep):
        holds = work.open_holds(account.id, MOST_HOLDS_TOLD)
        raise AccountNotEmpty(account.posted, account.held, tuple(hold.id for hold in holds), path=ACCOUNT_ID)
    if target is not None:
        accounts.require_currency(target, account.posted, SWEEP_TO_ACCOUNT_ID)


def _close(work: UnitOfWork, account: Account) -> tuple[Account, tuple[Freeze, ...]]:
    """Stage the end of an account with nothing on it, and of its freezes."""
    released = tuple(
        replace(freeze, released_at=work.now, released_by=work.caller.api_client_id)
        for freeze in work.unreleased_freezes(account.id)
    )
    for freeze in released:
        work.stage_freeze(freeze)
    emptied = replace(account, overdraft_limit=zero(account.currency))
    closed = accounts.moved_to(emptied, AccountState.CLOSED, closed_at=work.now)
    work.stage_account(closed)
    return closed, released
