"""The table of deeds and states, and how accounts close."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from domain.access import Role
from domain.commands import Command
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    AccountNotFrozen,
    DomainError,
    NotPermitted,
)
from domain.freezes import FreezeReason, FreezeScope
from domain.services.accounts import CloseAccount, RenameAccount
from domain.services.freezes import FreezeAccount, UnfreezeAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import closed_account, frozen, frozen_account
from tests.support.books import euros


def _funded(ledger: AnyLedger) -> str:
    return ledger.funded(100).id


def _funded_and_frozen(ledger: AnyLedger, scope: FreezeScope) -> str:
    account_id = ledger.funded(100).id
    frozen(ledger, account_id, scope=scope)
    return account_id


STATES: Mapping[str, Callable[[AnyLedger], str]] = {
    "ACTIVE": _funded,
    "FROZEN DEBITS": lambda ledger: _funded_and_frozen(ledger, FreezeScope.DEBITS),
    "FROZEN ALL": lambda ledger: _funded_and_frozen(ledger, FreezeScope.ALL),
    "CLOSED": closed_account,
}

DEEDS: Mapping[str, Callable[[AnyLedger, str], Command]] = {
    "deposit": lambda _, account_id: Deposit(account_id=account_id, amount=euros(1)),
    "incoming transfer": lambda ledger, account_id: Transfer(
        from_account_id=ledger.funded(1).id, to_account_id=account_id, amount=euros(1)
    ),
    "withdrawal": lambda _, account_id: Withdraw(account_id=account_id, amount=euros(1)),
    "outgoing transfer": lambda ledger, account_id: Transfer(
        from_account_id=account_id, to_account_id=ledger.opened().id, amount=euros(1)
    ),
    "rename": lambda _, account_id: RenameAccount(account_id=account_id, name="Grace"),
    "freeze": lambda _, account_id: FreezeAccount(account_id=account_id, reason=FreezeReason.OPERATIONS),
    "unfreeze": lambda _, account_id: UnfreezeAccount(account_id=account_id),
}

ALLOWED = None
TABLE: Mapping[str, tuple[type[DomainError] | None, ...]] = {
    # deed                ACTIVE            FROZEN DEBITS  FROZEN ALL     CLOSED
    "deposit": (ALLOWED, ALLOWED, AccountFrozen, AccountClosed),
    "incoming transfer": (ALLOWED, ALLOWED, AccountFrozen, AccountClosed),
    "withdrawal": (ALLOWED, AccountFrozen, AccountFrozen, AccountClosed),
    "outgoing transfer": (ALLOWED, AccountFrozen, AccountFrozen, AccountClosed),
    "rename": (ALLOWED, ALLOWED, ALLOWED, AccountClosed),
    "freeze": (ALLOWED, ALLOWED, ALLOWED, AccountClosed),
    "unfreeze": (AccountNotFrozen, ALLOWED, ALLOWED, AccountClosed),
}
CASES = [
    pytest.param(state, deed, expected, id=f"{deed}, {state}")
    for deed, row in TABLE.items()
    for state, expected in zip(STATES, row, strict=True)
]


@pytest.mark.parametrize(("state", "deed", "expected"), CASES)
def test_the_state_decides_what_may_happen_to_an_account(
    ledger: AnyLedger, state: str, deed: str, expected: type[DomainError] | None
) -> None:
    account_id = STATES[state](ledger)
    command = DEEDS[deed](ledger, account_id)
    before = ledger.books.account(account_id)
    outcome = ledger.execute(command)
    if expected is ALLOWED:
        assert outcome.is_success
    else:
        assert outcome.result.account_id == account_id
        assert type(outcome.result) is expected
        assert ledger.books.account(account_id) == before


EMPTY: Mapping[str, Callable[[AnyLedger], str]] = {
    "ACTIVE": lambda ledger: ledger.opened().id,
    "FROZEN DEBITS": lambda ledger: frozen_account(ledger, scope=FreezeScope.DEBITS),
    "FROZEN ALL": lambda ledger: frozen_account(ledger, scope=FreezeScope.ALL),
    "CLOSED": closed_account,
}


@pytest.mark.parametrize(
    ("state", "role", "expected"),
    [
        ("ACTIVE", Role.MANAGER, ALLOWED),
        ("ACTIVE", Role.ADMIN, ALLOWED),
        ("FROZEN DEBITS", Role.MANAGER, NotPermitted),
        ("FROZEN DEBITS", Role.ADMIN, ALLOWED),
        ("FROZEN ALL", Role.MANAGER, NotPermitted),
        ("FROZEN ALL", Role.ADMIN, ALLOWED),
        ("CLOSED", Role.MANAGER, AccountClosed),
        ("CLOSED", Role.ADMIN, AccountClosed),
    ],
)
def test_a_manager_closes_active_accounts_and_an_admin_frozen_ones_too(
    ledger: AnyLedger, state: str, role: Role, expected: type[DomainError] | None
) -> None:
    account_id = EMPTY[state](ledger)
    outcome = ledger.execute(CloseAccount(account_id=account_id), ledger.caller(role))
    assert outcome.is_success if expected is ALLOWED else type(outcome.result) is expected
    if expected is NotPermitted:
        assert outcome.result.required_roles == (Role.ADMIN,)


@pytest.mark.parametrize(("posted", "overdraft"), [(30, 0), (30, 50), (-20, 50)])
def test_only_an_empty_account_closes(ledger: AnyLedger, posted: int, overdraft: int) -> None:
    account_id = ledger.opened(overdraft_limit=euros(overdraft)).id
    move = Deposit if posted > 0 else Withdraw
    ledger.succeed(move(account_id=account_id, amount=euros(abs(posted))))
    outcome = ledger.execute(CloseAccount(account_id=account_id))
    assert outcome.result == AccountNotEmpty(euros(posted), euros(0), path=("input", "accountId"))


def test_the_overdraft_limit_lapses_with_the_account(ledger: AnyLedger) -> None:
    account_id = ledger.opened(overdraft_limit=euros(500)).id
    closed = ledger.succeed(CloseAccount(account_id=account_id)).account
    assert (closed.overdraft_limit, closed.available) == (euros(0), euros(0))


def test_closing_ends_the_live_freezes_and_the_log_names_them(ledger: AnyLedger) -> None:
    account_id = ledger.opened().id
    freeze_ids = [frozen(ledger, account_id), frozen(ledger, account_id, reason=FreezeReason.COMPLIANCE)]
    admin = ledger.caller(Role.ADMIN)
    outcome = ledger.execute(CloseAccount(account_id=account_id), admin)
    assert [freeze.id for freeze in outcome.result.released_freezes] == freeze_ids
    for freeze_id in freeze_ids:
        freeze = ledger.books.freeze(freeze_id)
        assert freeze is not None
        assert (freeze.released_at, freeze.released_by) == (outcome.decided_at, admin.api_client_id)
    logged = json.loads(ledger.log[-1].details)["result"]["releasedFreezes"]
    assert [freeze["id"] for freeze in logged] == freeze_ids
