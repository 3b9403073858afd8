"""Previews: what a movement would come to, decided as when it is executed, with nothing kept."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from domain.access import SYSTEM, Caller, Role
from domain.accounts import Account, AccountState
from domain.commands import Command, Rejection
from domain.errors import AccountFrozen, AccountNotFound, InsufficientFunds, InvalidAmount, PreconditionFailed
from domain.instants import SECOND, Instant
from domain.services.movements import Deposit, Transfer, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import frozen
from tests.support.books import euros
from tests.support.surroundings import NOON


def previewed(ledger: AnyLedger, command: Command | Rejection, caller: Caller = SYSTEM) -> Any:
    return ledger.preview(command, caller).result


def moves(ledger: AnyLedger) -> list[Command]:
    """Return a movement of each kind that would succeed."""
    first, second = ledger.funded(5).id, ledger.opened().id
    return [
        Deposit(account_id=second, amount=euros(1), description="Salary"),
        Withdraw(account_id=first, amount=euros(2)),
        Transfer(from_account_id=first, to_account_id=second, amount=euros(3)),
    ]


def test_a_preview_shows_the_accounts_as_the_execution_then_leaves_them(ledger: AnyLedger) -> None:
    for command in moves(ledger):
        told, done = ledger.preview(command), ledger.execute(command)
        assert _accounts(told.result) == _accounts(done.result) != []
        assert told.decided_at == done.decided_at


def _accounts(success: Any) -> list[Account]:
    shown = (getattr(success, field.name) for field in fields(success))
    return [value for value in shown if isinstance(value, Account)]


def test_a_preview_keeps_nothing(ledger: AnyLedger) -> None:
    commands = [*moves(ledger), Withdraw(account_id="acct_missing", amount=euros(1))]
    head, log = ledger.head, ledger.log
    first = [ledger.preview(command) for command in commands]
    assert (ledger.head, ledger.log) == (head, log)
    assert [ledger.preview(command) for command in commands] == first


def test_a_preview_tells_the_refusal_that_the_execution_would_meet(ledger: AnyLedger) -> None:
    account_id = ledger.funded(5).id
    withdrawal = Withdraw(account_id=account_id, amount=euros(6))
    assert previewed(ledger, withdrawal) == InsufficientFunds(euros(5), euros(1), path=("input", "amount"))
    stale = Deposit(account_id=account_id, amount=euros(1), expected_version=7)
    assert type(previewed(ledger, stale)) is PreconditionFailed
    house = Deposit(account_id="house_EUR", amount=euros(1))
    assert type(previewed(ledger, house)) is AccountNotFound


@pytest.mark.parametrize("role", Role)
def test_any_role_may_see_a_preview(ledger: AnyLedger, role: Role) -> None:
    withdrawal = Withdraw(account_id=ledger.funded(5).id, amount=euros(1))
    assert previewed(ledger, withdrawal, ledger.caller(role)).account.posted == euros(4)


def test_what_is_due_does_not_count_and_is_not_settled_either(ledger: AnyLedger) -> None:
    account_id = ledger.funded(5).id
    later = Instant(NOON + 60 * SECOND)
    frozen(ledger, account_id, expires_at=later)
    withdrawal = Withdraw(account_id=account_id, amount=euros(1))
    assert type(previewed(ledger, withdrawal)) is AccountFrozen
    ledger.clock.at = later
    head = ledger.head
    assert previewed(ledger, withdrawal).account.state is AccountState.ACTIVE
    assert ledger.head == head
    assert len(ledger.books.unreleased_freezes(account_id)) == 1


def test_an_input_that_can_never_be_right_is_told_as_such(ledger: AnyLedger) -> None:
    error = InvalidAmount(path=("input", "amount", "amount"))
    told = ledger.preview(Rejection(Deposit.operation, error, ()))
    assert (told.result, told.decided_at > NOON) == (error, bool(ledger.head.sequence))
