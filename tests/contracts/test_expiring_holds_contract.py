"""Holds that run out: from the very instant, without any luck in the background, and for ever."""

from __future__ import annotations

import pytest

from domain.access import SYSTEM, SYSTEM_CLIENT_ID, Operation
from domain.audit import AuditOutcome
from domain.errors import HoldNotOpen, InsufficientFunds
from domain.holds import HoldState
from domain.instants import SECOND, Instant
from domain.ports import Request
from domain.services.accounts import CloseAccount, OpenAccount, RenameAccount
from domain.services.captures import CaptureHold
from domain.services.holds import ReleaseHold
from domain.services.movements import Deposit, Transfer, Withdraw
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import frozen, held
from tests.support.books import EUR, euros
from tests.support.surroundings import NOON

LATER = Instant(NOON + 60 * SECOND)


@pytest.fixture
def account_id(ledger: AnyLedger) -> str:
    """Give an account of 100, all of it held until later."""
    account_id = ledger.funded(100).id
    held(ledger, account_id, 100, expires_at=LATER)
    return account_id


def test_an_expired_hold_is_settled_by_the_system_with_a_record_of_its_own(ledger: AnyLedger, account_id: str) -> None:
    ledger.clock.at = LATER
    before, hold_id = ledger.head.sequence, f"hold_{1:026}"
    outcome = ledger.execute(Withdraw(account_id=account_id, amount=euros(1)), key="mine")
    assert (outcome.result.account.held, outcome.result.account.available) == (euros(0), euros(99))
    settled, withdrawn = ledger.log[before:]
    assert (settled.operation, settled.outcome) == (Operation.EXPIRE_HOLD, AuditOutcome.SUCCEEDED)
    assert (settled.api_client_id, settled.idempotency_key) == (SYSTEM_CLIENT_ID, None)
    assert settled.target_ids == (account_id, hold_id)
    assert withdrawn.operation is Operation.WITHDRAW
    hold = ledger.books.hold(hold_id)
    assert hold is not None
    assert hold.state is HoldState.EXPIRED


def test_a_hold_counts_until_the_very_instant_it_expires(ledger: AnyLedger, account_id: str) -> None:
    withdraw = Withdraw(account_id=account_id, amount=euros(1))
    ledger.clock.at = Instant(LATER - 1)
    assert type(ledger.execute(withdraw).result) is InsufficientFunds
    ledger.clock.at = LATER
    assert ledger.execute(withdraw).is_success


def test_a_clock_that_steps_back_never_resurrects_a_hold(ledger: AnyLedger, account_id: str) -> None:
    ledger.clock.at = LATER
    ledger.succeed(OpenAccount(currency=EUR, name="Somebody else"))
    ledger.clock.at = NOON
    assert ledger.execute(Withdraw(account_id=account_id, amount=euros(100))).is_success


@pytest.mark.parametrize("command", [CaptureHold, ReleaseHold])
def test_naming_an_expired_hold_settles_it_and_finds_it_over(
    ledger: AnyLedger, account_id: str, command: type[CaptureHold | ReleaseHold]
) -> None:
    hold_id = f"hold_{1:026}"
    ledger.clock.at = LATER
    outcome = ledger.execute(command(hold_id=hold_id, note="too late"))
    assert outcome.result == HoldNotOpen(hold_id, HoldState.EXPIRED, path=("input", "holdId"))
    account = ledger.books.account(account_id)
    assert account is not None
    assert account.available == euros(100)


def test_each_expired_hold_is_settled_once_in_a_batch_before_what_touches_its_account(ledger: AnyLedger) -> None:
    account_id = ledger.funded(100).id
    later = [held(ledger, account_id, 10, expires_at=Instant(LATER - number)) for number in range(3)]
    ledger.clock.at = LATER
    before = ledger.head.sequence
    deposit = Deposit(account_id=account_id, amount=euros(1))
    ledger.run(Request(SYSTEM, "a", deposit), Request(SYSTEM, "b", deposit))
    settled = ledger.log[before:]
    assert [record.operation for record in settled] == [Operation.EXPIRE_HOLD] * 3 + [Operation.DEPOSIT] * 2
    assert [record.target_ids[1] for record in settled[:3]] == later[::-1]


def test_a_hold_that_was_ended_in_time_does_not_expire(ledger: AnyLedger, account_id: str) -> None:
    ledger.succeed(ReleaseHold(hold_id=f"hold_{1:026}"))
    ledger.clock.at = LATER
    before = ledger.head.sequence
    ledger.succeed(RenameAccount(account_id=account_id, name="Ada"))
    assert [record.operation for record in ledger.log[before:]] == [Operation.RENAME_ACCOUNT]


def test_what_is_due_on_every_account_of_a_command_is_settled(ledger: AnyLedger, account_id: str) -> None:
    other = ledger.funded(100).id
    held(ledger, other, 100, expires_at=LATER)
    ledger.clock.at = LATER
    before = ledger.head.sequence
    ledger.succeed(Transfer(from_account_id=account_id, to_account_id=other, amount=euros(100)))
    assert [record.operation for record in ledger.log[before:]] == [Operation.EXPIRE_HOLD] * 2 + [Operation.TRANSFER]


def test_a_capture_settles_what_is_due_where_it_takes_and_where_it_pays(ledger: AnyLedger) -> None:
    source, target = ledger.funded(100).id, ledger.funded(100).id
    hold_id = held(ledger, source, 10)
    for account_id in (source, target):
        held(ledger, account_id, 10, expires_at=LATER)
        frozen(ledger, account_id, expires_at=LATER)
    ledger.clock.at = LATER
    before = ledger.head.sequence
    assert ledger.execute(CaptureHold(hold_id=hold_id, to_account_id=target)).is_success
    due = [Operation.EXPIRE_HOLD, Operation.EXPIRE_FREEZE]
    assert [record.operation for record in ledger.log[before:]] == [*due, *due, Operation.CAPTURE_HOLD]


def test_an_account_closes_once_its_holds_have_run_out(ledger: AnyLedger) -> None:
    account_id = ledger.opened(overdraft_limit=euros(10)).id
    held(ledger, account_id, 10, expires_at=LATER)
    close = CloseAccount(account_id=account_id)
    assert not ledger.execute(close).is_success
    ledger.clock.at = LATER
    assert ledger.execute(close).is_success


def test_a_frozen_account_lets_its_holds_run_out(ledger: AnyLedger, account_id: str) -> None:
    frozen(ledger, account_id)
    ledger.clock.at = LATER
    ledger.succeed(RenameAccount(account_id=account_id, name="Ada"))
    account = ledger.books.account(account_id)
    assert account is not None
    assert account.held == euros(0)
