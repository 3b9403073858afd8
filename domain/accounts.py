"""Accounts: what they hold, the states they pass through, and what each state lets happen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum

from domain.access import Role
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    CurrencyMismatch,
    InputPath,
    InsufficientFunds,
    LimitExceeded,
)
from domain.freezes import Freeze, FreezeReason, FreezeScope
from domain.instants import Instant
from domain.money import LARGEST_BALANCE, Currency, Money, zero
from domain.records import FREE_TEXT
from domain.text import Metadata
from domain.transactions import Entry


class AccountKind(StrEnum):
    """Whose account it is."""

    CUSTOMER = "CUSTOMER"
    HOUSE = "HOUSE"


class AccountState(StrEnum):
    """Where an account stands. CLOSED is terminal."""

    ACTIVE = "ACTIVE"
    FROZEN = "FROZEN"
    CLOSED = "CLOSED"


TRANSITIONS = frozenset(
    {
        (AccountState.ACTIVE, AccountState.FROZEN),
        (AccountState.FROZEN, AccountState.ACTIVE),
        (AccountState.ACTIVE, AccountState.CLOSED),
        (AccountState.FROZEN, AccountState.CLOSED),
    }
)


class Deed(Enum):
    """What a movement does to one of its accounts."""

    CREDIT = "CREDIT"
    DEBIT = "DEBIT"


STOPPED_BY: Mapping[Deed, frozenset[FreezeScope]] = {
    Deed.CREDIT: frozenset({FreezeScope.ALL}),
    Deed.DEBIT: frozenset({FreezeScope.DEBITS, FreezeScope.ALL}),
}
"""The scopes of a live freeze that forbid each deed."""

MAY_CLOSE: Mapping[AccountState, frozenset[Role]] = {
    AccountState.ACTIVE: frozenset({Role.MANAGER, Role.ADMIN}),
    AccountState.FROZEN: frozenset({Role.ADMIN}),
}

MAY_RELEASE: Mapping[FreezeReason, frozenset[Role]] = {
    FreezeReason.CUSTOMER_REQUEST: frozenset({Role.MANAGER, Role.ADMIN}),
    FreezeReason.SUSPECTED_FRAUD: frozenset({Role.MANAGER, Role.ADMIN}),
    FreezeReason.COMPLIANCE: frozenset({Role.ADMIN}),
    FreezeReason.OPERATIONS: frozenset({Role.MANAGER, Role.ADMIN}),
}

MAY_GRANT_OVERDRAFT = frozenset({Role.MANAGER, Role.ADMIN})

AMOUNT = ("input", "amount")
"""Where an operation says how much, unless it has another word for it."""


@dataclass(frozen=True, slots=True)
class Account:
    """One balance in one currency.

    A customer's account never has less than nothing available. A house account is the other side of deposits and
    withdrawals: it has no floor, is always ACTIVE, and cannot be reached by id. `version` grows by one with every
    entry.
    """

    id: str
    kind: AccountKind
    currency: Currency
    state: AccountState
    posted: Money
    held: Money
    overdraft_limit: Money
    version: int
    name: str = field(metadata=FREE_TEXT)
    reference: str | None
    metadata: Metadata = field(metadata=FREE_TEXT)
    opened_at: Instant
    closed_at: Instant | None = None

    def __post_init__(self) -> None:
        if self.held.minor < 0 or self.overdraft_limit.minor < 0:
            raise ValueError("neither holds nor an overdraft limit can be negative")
        if self.kind is AccountKind.CUSTOMER and self.available.minor < 0:
            raise ValueError("a customer's account cannot have less than nothing available")
        if (self.state is AccountState.CLOSED) != (self.closed_at is not None):
            raise ValueError("an account has a time of closing exactly when it is closed")
        if self.state is AccountState.CLOSED and (self.posted.minor or self.held.minor or self.overdraft_limit.minor):
            raise ValueError("only an empty account is closed")

    @property
    def available(self) -> Money:
        """Return what may be withdrawn: posted - held + overdraft limit."""
        minor = self.posted.minor - self.held.minor + self.overdraft_limit.minor
        return Money(minor, self.currency)


def house_account_id(currency: Currency) -> str:
    """Return the id of the house account of that currency: fixed, so that it needs no look-up."""
    return f"house_{currency.code}"


def house_account(currency: Currency, now: Instant) -> Account:
    """Return the house account of that currency as it is before its first movement."""
    nothing = zero(currency)
    return Account(
        id=house_account_id(currency),
        kind=AccountKind.HOUSE,
        currency=currency,
        state=AccountState.ACTIVE,
        posted=nothing,
        held=nothing,
        overdraft_limit=nothing,
        version=0,
        name="",
        reference=None,
        metadata=(),
        opened_at=now,
    )


def moved_to(account: Account, state: AccountState, closed_at: Instant | None = None) -> Account:
    """Return the account in its new state. Raises ValueError for a step that the state machine does not have."""
    if account.state is state:
        return account
    if (account.state, state) not in TRANSITIONS:
        raise ValueError(f"no account goes from {account.state} to {state}")
    return replace(account, state=state, closed_at=closed_at)


def require_open(account: Account, path: InputPath) -> None:
    """Raise AccountClosed if it is."""
    if account.closed_at is not None:
        raise AccountClosed(account.id, account.closed_at, path=path)


def require_unfrozen(account: Account, freezes: Iterable[Freeze], deed: Deed, path: InputPath) -> None:
    """Raise AccountFrozen if one of the live freezes forbids the deed."""
    stopping = [freeze for freeze in freezes if freeze.scope in STOPPED_BY[deed]]
    if not stopping:
        return
    scopes = {freeze.scope for freeze in stopping}
    scope = FreezeScope.ALL if FreezeScope.ALL in scopes else FreezeScope.DEBITS
    ends = [freeze.expires_at for freeze in stopping if freeze.expires_at is not None]
    until = max(ends) if len(ends) == len(stopping) else None
    raise AccountFrozen(account.id, scope, until, path=path)


def require_currency(account: Account, money: Money, path: InputPath = (*AMOUNT, "currency")) -> None:
    """Raise CurrencyMismatch unless the account holds the money's currency."""
    if account.currency != money.currency:
        raise CurrencyMismatch(account.currency.code, path=path)


def require_room(account: Account, credit: Money, path: InputPath = AMOUNT) -> None:
    """Raise LimitExceeded if the signed change would take the balance beyond what the books can hold."""
    if abs(account.posted.minor + credit.minor) > LARGEST_BALANCE:
        raise LimitExceeded(Money(LARGEST_BALANCE, account.currency), path=path)


def require_funds(account: Account, debit: Money, path: InputPath = AMOUNT) -> None:
    """Raise InsufficientFunds if less than the debit is available."""
    if account.available < debit:
        raise InsufficientFunds(account.available, debit - account.available, path=path)


def post(account: Account, amount: Money) -> tuple[Account, Entry]:
    """Apply a signed amount: the account one version later, and the entry that says so."""
    # Every field by name, since `replace` takes twice as long and nothing in the books is done as often.
    after = Account(
        id=account.id,
        kind=account.kind,
        currency=account.currency,
        state=account.state,
        posted=account.posted + amount,
        held=account.held,
        overdraft_limit=account.overdraft_limit,
        version=account.version + 1,
        name=account.name,
        reference=account.reference,
        metadata=account.metadata,
        opened_at=account.opened_at,
        closed_at=account.closed_at,
    )
    return after, Entry(account.id, after.version, amount, after.posted)
