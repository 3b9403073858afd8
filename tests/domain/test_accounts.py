from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.access import Role
from domain.accounts import (
    STOPPED_BY,
    TRANSITIONS,
    Account,
    AccountKind,
    AccountState,
    Deed,
    house_account,
    house_account_id,
    moved_to,
    post,
    require_currency,
    require_funds,
    require_open,
    require_room,
    require_unfrozen,
)
from domain.errors import AccountClosed, AccountFrozen, CurrencyMismatch, InsufficientFunds, LimitExceeded
from domain.freezes import Freeze, FreezeReason, FreezeScope
from domain.ids import Prefix
from domain.instants import Instant
from domain.money import LARGEST_BALANCE, Money
from domain.transactions import Entry
from tests.domain.strategies import accounts
from tests.support.books import EUR, JPY, euros

ACTIVE, FROZEN, CLOSED = AccountState
DEBITS, ALL = FreezeScope
AT = Instant(5)
PATH = ("input", "accountId")


def _account(**fields: Any) -> Account:
    account = Account(
        id="acct_1",
        kind=AccountKind.CUSTOMER,
        currency=EUR,
        state=ACTIVE,
        posted=euros(0),
        held=euros(0),
        overdraft_limit=euros(0),
        version=3,
        name="Ada",
        reference=None,
        metadata=(),
        opened_at=Instant(1),
    )
    return replace(account, **fields)


def _freeze(scope: FreezeScope, expires_at: int | None = None) -> Freeze:
    expiry = None if expires_at is None else Instant(expires_at)
    return Freeze("frz_1", "acct_1", scope, FreezeReason.OPERATIONS, None, AT, "cli_1", Role.ADMIN, expiry)


def _in(state: AccountState) -> Account:
    return _account(state=state, closed_at=AT if state is CLOSED else None)


def test_the_state_machine_is_this_one() -> None:
    assert {(ACTIVE, FROZEN), (FROZEN, ACTIVE), (ACTIVE, CLOSED), (FROZEN, CLOSED)} == TRANSITIONS


@pytest.mark.parametrize(("before", "after"), [*itertools.product(AccountState, repeat=2)])
def test_an_account_takes_the_steps_of_its_state_machine_and_no_other(
    before: AccountState, after: AccountState
) -> None:
    account = _in(before)
    closed_at = AT if after is CLOSED else None
    if before is after:
        assert moved_to(account, after, closed_at) is account
    elif (before, after) in TRANSITIONS:
        assert moved_to(account, after, closed_at) == replace(account, state=after, closed_at=closed_at)
    else:
        with pytest.raises(ValueError, match=f"no account goes from {before} to {after}"):
            moved_to(account, after, closed_at)


NEGATIVE = "neither holds nor an overdraft limit can be negative"
BELOW = "a customer's account cannot have less than nothing available"
UNDATED = "an account has a time of closing exactly when it is closed"
NOT_EMPTY = "only an empty account is closed"


@pytest.mark.parametrize(
    ("rule", "fields"),
    [
        (NEGATIVE, {"held": euros(-1)}),
        (NEGATIVE, {"overdraft_limit": euros(-1)}),
        (BELOW, {"posted": euros(-1)}),
        (BELOW, {"posted": euros(5), "held": euros(6)}),
        (BELOW, {"posted": euros(-6), "overdraft_limit": euros(5)}),
        (UNDATED, {"state": CLOSED}),
        (UNDATED, {"closed_at": AT}),
        (UNDATED, {"state": FROZEN, "closed_at": AT}),
        (NOT_EMPTY, {"state": CLOSED, "closed_at": AT, "posted": euros(1)}),
        (NOT_EMPTY, {"state": CLOSED, "closed_at": AT, "overdraft_limit": euros(1)}),
        (NOT_EMPTY, {"state": CLOSED, "closed_at": AT, "held": euros(1), "overdraft_limit": euros(1)}),
    ],
)
def test_no_account_can_be_built_that_breaks_a_rule(rule: str, fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=rule):
        _account(**fields)


@given(account=accounts())
def test_what_is_available_is_posted_less_held_plus_overdraft(account: Account) -> None:
    available = account.posted.minor - account.held.minor + account.overdraft_limit.minor
    assert account.available == Money(available, account.currency)
    assert account.kind is AccountKind.HOUSE or available >= 0


def test_a_house_account_is_empty_active_and_has_no_floor() -> None:
    house = house_account(JPY, AT)
    assert (house.id, house.kind, house.state) == (house_account_id(JPY), AccountKind.HOUSE, ACTIVE)
    assert (house.posted.minor, house.version, house.opened_at) == (0, 0, AT)
    after, _ = post(house, Money(-5, JPY))
    assert after.posted.minor == -5


def test_house_accounts_have_ids_that_no_customer_account_can_have() -> None:
    assert house_account_id(EUR) == "house_EUR"
    assert not any(house_account_id(EUR).startswith(prefix) for prefix in Prefix)


def test_a_closed_account_says_when_it_closed() -> None:
    require_open(_in(ACTIVE), PATH)
    require_open(_in(FROZEN), PATH)
    with pytest.raises(AccountClosed) as refused:
        require_open(_in(CLOSED), PATH)
    assert refused.value == AccountClosed("acct_1", AT, path=PATH)


def test_a_debit_is_stopped_by_either_scope_and_a_credit_by_all_alone() -> None:
    assert {Deed.CREDIT: {ALL}, Deed.DEBIT: {DEBITS, ALL}} == STOPPED_BY


@pytest.mark.parametrize(
    ("deed", "freezes", "stopped"),
    [
        (Deed.DEBIT, [], None),
        (Deed.CREDIT, [], None),
        (Deed.CREDIT, [_freeze(DEBITS)], None),
        (Deed.DEBIT, [_freeze(DEBITS)], (DEBITS, None)),
        (Deed.DEBIT, [_freeze(DEBITS, 9)], (DEBITS, 9)),
        (Deed.DEBIT, [_freeze(DEBITS, 9), _freeze(DEBITS, 12)], (DEBITS, 12)),
        (Deed.DEBIT, [_freeze(DEBITS, 9), _freeze(DEBITS)], (DEBITS, None)),
        (Deed.DEBIT, [_freeze(DEBITS), _freeze(ALL)], (ALL, None)),
        (Deed.CREDIT, [_freeze(DEBITS), _freeze(ALL, 9)], (ALL, 9)),
        (Deed.CREDIT, [_freeze(DEBITS, 20), _freeze(ALL, 9)], (ALL, 9)),
    ],
)
def test_freezes_add_up(deed: Deed, freezes: list[Freeze], stopped: tuple[FreezeScope, int | None] | None) -> None:
    account = _in(FROZEN)
    if stopped is None:
        require_unfrozen(account, freezes, deed, PATH)
        return
    with pytest.raises(AccountFrozen) as refused:
        require_unfrozen(account, freezes, deed, PATH)
    assert refused.value == AccountFrozen("acct_1", *stopped, path=PATH)  # type: ignore[arg-type]


def test_an_account_holds_one_currency() -> None:
    require_currency(_account(), euros(5))
    with pytest.raises(CurrencyMismatch) as refused:
        require_currency(_account(), Money(5, JPY))
    assert refused.value == CurrencyMismatch("EUR", path=("input", "amount", "currency"))


@given(posted=st.integers(0, LARGEST_BALANCE), change=st.integers(-2 * LARGEST_BALANCE, 2 * LARGEST_BALANCE))
def test_a_balance_stays_within_its_limit_on_both_sides(posted: int, change: int) -> None:
    account = _account(posted=euros(posted))
    if -LARGEST_BALANCE <= posted + change <= LARGEST_BALANCE:
        require_room(account, euros(change))
    else:
        with pytest.raises(LimitExceeded) as refused:
            require_room(account, euros(change))
        assert refused.value.limit == euros(LARGEST_BALANCE)


@given(account=accounts(), debit=st.integers(1, 2**64))
def test_funds_suffice_up_to_what_is_available(account: Account, debit: int) -> None:
    amount = Money(debit, account.currency)
    if debit <= account.available.minor:
        require_funds(account, amount)
    else:
        with pytest.raises(InsufficientFunds) as refused:
            require_funds(account, amount)
        assert refused.value.available == account.available
        assert refused.value.shortfall == amount - account.available


@given(account=accounts(), amount=st.integers())
def test_posting_moves_the_balance_and_counts_a_version(account: Account, amount: int) -> None:
    assume(account.state is not CLOSED)
    assume(account.kind is AccountKind.HOUSE or account.available.minor + amount >= 0)
    money = Money(amount, account.currency)
    after, entry = post(account, money)
    assert after == replace(account, posted=account.posted + money, version=account.version + 1)
    assert entry == Entry(account.id, account.version + 1, money, after.posted)


def test_no_posting_takes_a_customer_below_nothing() -> None:
    with pytest.raises(ValueError, match="less than nothing"):
        post(_account(posted=euros(5)), euros(-6))
