"""Overdraft limits: granted and taken back, never to less than is in use."""

from __future__ import annotations

import json

import pytest

from domain.access import Operation, Role
from domain.errors import AccountClosed, CurrencyMismatch, Forbidden, InsufficientFunds, NotPermitted
from domain.money import LARGEST_BALANCE, Money
from domain.services.accounts import OpenAccount
from domain.services.movements import Deposit, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import closed_account, frozen_account
from tests.support.books import EUR, JPY, euros


def owing(ledger: AnyLedger, minor: int, limit: int) -> str:
    """Open an account that owes so much of what it may."""
    account_id = ledger.opened(overdraft_limit=euros(limit)).id
    ledger.succeed(Withdraw(account_id=account_id, amount=euros(minor)))
    return account_id


def test_a_limit_is_granted_used_and_taken_back(ledger: AnyLedger) -> None:
    account_id, manager = ledger.opened().id, ledger.caller(Role.MANAGER)
    granted = ledger.succeed(SetOverdraftLimit(account_id=account_id, limit=euros(50)), manager).account
    assert (granted.overdraft_limit, granted.available, granted.version) == (euros(50), euros(50), 0)
    assert ledger.books.account(account_id) == granted
    ledger.succeed(Withdraw(account_id=account_id, amount=euros(50)))
    ledger.succeed(Deposit(account_id=account_id, amount=euros(50)))
    withdrawn = ledger.succeed(SetOverdraftLimit(account_id=account_id, limit=euros(0)), manager).account
    assert (withdrawn.overdraft_limit, withdrawn.available) == (euros(0), euros(0))


@pytest.mark.parametrize("limit", [30, 31, LARGEST_BALANCE])
def test_a_limit_is_lowered_to_what_is_in_use(ledger: AnyLedger, limit: int) -> None:
    limited = ledger.succeed(SetOverdraftLimit(account_id=owing(ledger, 30, 50), limit=euros(limit))).account
    assert limited.available == euros(limit - 30)


@pytest.mark.parametrize(("limit", "shortfall"), [(29, 1), (0, 30)])
def test_a_limit_is_never_lowered_below_what_is_in_use(ledger: AnyLedger, limit: int, shortfall: int) -> None:
    account_id = owing(ledger, 30, 50)
    before = ledger.books.account(account_id)
    outcome = ledger.execute(SetOverdraftLimit(account_id=account_id, limit=euros(limit)))
    assert outcome.result == InsufficientFunds(euros(20), euros(shortfall), path=("input", "limit"))
    assert ledger.books.account(account_id) == before


def test_what_is_on_the_account_is_not_in_use(ledger: AnyLedger) -> None:
    account_id = ledger.opened(overdraft_limit=euros(50)).id
    ledger.succeed(Deposit(account_id=account_id, amount=euros(10)))
    assert ledger.succeed(SetOverdraftLimit(account_id=account_id, limit=euros(0))).account.available == euros(10)


def test_a_frozen_account_may_be_limited_and_a_closed_one_may_not(ledger: AnyLedger) -> None:
    command = SetOverdraftLimit(account_id=frozen_account(ledger), limit=euros(50))
    assert ledger.succeed(command).account.overdraft_limit == euros(50)
    refused = ledger.execute(SetOverdraftLimit(account_id=closed_account(ledger), limit=euros(0)))
    assert type(refused.result) is AccountClosed


def test_a_limit_is_in_the_currency_of_its_account(ledger: AnyLedger) -> None:
    outcome = ledger.execute(SetOverdraftLimit(account_id=ledger.opened().id, limit=Money(0, JPY)))
    assert outcome.result == CurrencyMismatch("EUR", path=("input", "limit", "currency"))


def test_a_teller_grants_no_overdraft_at_opening_nor_later(ledger: AnyLedger) -> None:
    account_id, teller = ledger.opened().id, ledger.caller(Role.TELLER)
    opening = ledger.execute(OpenAccount(currency=EUR, name="Eve", overdraft_limit=euros(1)), teller)
    assert type(opening.result) is NotPermitted
    assert ledger.execute(SetOverdraftLimit(account_id=account_id, limit=euros(1)), teller).result == Forbidden()


def test_the_log_tells_the_limit_before_and_after(ledger: AnyLedger) -> None:
    account_id = ledger.opened(overdraft_limit=euros(10)).id
    ledger.succeed(SetOverdraftLimit(account_id=account_id, limit=euros(50)))
    record = ledger.log[-1]
    assert (record.operation, record.target_ids) == (Operation.SET_OVERDRAFT_LIMIT, (account_id,))
    details = json.loads(record.details)
    assert details["input"] == {"accountId": account_id, "limit": "50 EUR/2"}
    change = details["accounts"][account_id]
    assert (change["before"]["overdraftLimit"], change["after"]["overdraftLimit"]) == (10, 50)
