"""Closing with a sweep: what is left moves and the account closes, in one step or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from domain.access import SYSTEM, Operation, Role
from domain.accounts import AccountState
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    AccountNotFound,
    CurrencyMismatch,
    DomainError,
    LimitExceeded,
    NotPermitted,
    NotReversible,
)
from domain.freezes import FreezeScope
from domain.instants import SECOND, Instant
from domain.money import LARGEST_BALANCE
from domain.ports import Outcome, Request
from domain.services.accounts import CloseAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.reversals import ReverseTransaction
from domain.transactions import TransactionKind
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import closed_account, frozen, frozen_account
from tests.support.books import JPY, euros

ACCOUNT_ID, TO = ("input", "accountId"), ("input", "sweepToAccountId")


def test_what_is_left_moves_and_the_account_closes(ledger: AnyLedger) -> None:
    source, target = ledger.funded(500), ledger.funded(70)
    outcome = ledger.execute(CloseAccount(account_id=source.id, sweep_to_account_id=target.id))
    closed, sweep, swept_to = outcome.result.account, outcome.result.sweep, outcome.result.swept_to
    assert (closed.state, closed.posted, closed.version) == (AccountState.CLOSED, euros(0), source.version + 1)
    assert closed.closed_at == sweep.created_at == outcome.decided_at
    assert (sweep.kind, sweep.amount, sweep.reverses) == (TransactionKind.SWEEP, euros(500), None)
    assert [(entry.account_id, entry.amount.minor, entry.balance_after.minor) for entry in sweep.entries] == [
        (source.id, -500, 0),
        (target.id, 500, 570),
    ]
    assert (ledger.books.account(source.id), ledger.books.account(target.id)) == (closed, swept_to)
    assert ledger.books.transaction(sweep.id) == sweep


def test_an_empty_account_closes_without_a_sweep(ledger: AnyLedger) -> None:
    target = ledger.funded(70)
    success = ledger.succeed(CloseAccount(account_id=ledger.opened().id, sweep_to_account_id=target.id))
    assert (success.account.state, success.sweep, success.swept_to) == (AccountState.CLOSED, None, None)
    assert ledger.books.account(target.id) == target


@pytest.mark.parametrize("limit", [0, 100])
def test_the_overdraft_limit_is_not_swept(ledger: AnyLedger, limit: int) -> None:
    account_id = ledger.opened(overdraft_limit=euros(limit)).id
    ledger.succeed(Deposit(account_id=account_id, amount=euros(5)))
    success = ledger.succeed(CloseAccount(account_id=account_id, sweep_to_account_id=ledger.opened().id))
    assert (success.sweep.amount, success.account.overdraft_limit) == (euros(5), euros(0))


def test_what_is_owed_is_not_swept(ledger: AnyLedger) -> None:
    outcome = ledger.execute(CloseAccount(account_id=owing(ledger, 30), sweep_to_account_id=ledger.funded(70).id))
    assert outcome.result == AccountNotEmpty(euros(-30), euros(0), path=ACCOUNT_ID)


@pytest.mark.parametrize("scope", FreezeScope)
def test_an_admin_sweeps_a_frozen_account_and_its_freezes_end(ledger: AnyLedger, scope: FreezeScope) -> None:
    source, target = ledger.funded(500), ledger.opened()
    freeze_id = frozen(ledger, source.id, scope=scope)
    command = CloseAccount(account_id=source.id, sweep_to_account_id=target.id)
    refused = ledger.execute(command, ledger.caller(Role.MANAGER))
    assert refused.result == NotPermitted((Role.ADMIN,), path=ACCOUNT_ID)
    success = ledger.succeed(command, ledger.caller(Role.ADMIN))
    assert [freeze.id for freeze in success.released_freezes] == [freeze_id]
    assert (success.swept_to.posted, success.sweep.amount) == (euros(500), euros(500))


ACCOUNTS: Mapping[str, Callable[[AnyLedger], str]] = {
    "missing": lambda _: "acct_missing",
    "house": lambda _: "house_EUR",
    "closed": closed_account,
    "frozen": frozen_account,
    "frozen for DEBITS": lambda ledger: frozen_account(ledger, scope=FreezeScope.DEBITS),
    "foreign": lambda ledger: ledger.opened(JPY).id,
    "owing": lambda ledger: owing(ledger, 5),
}


def owing(ledger: AnyLedger, minor: int) -> str:
    account_id = ledger.opened(overdraft_limit=euros(minor)).id
    ledger.succeed(Withdraw(account_id=account_id, amount=euros(minor)))
    return account_id


@pytest.mark.parametrize("minor", [0, 500])
@pytest.mark.parametrize(
    ("target", "refusal"),
    [
        ("missing", AccountNotFound),
        ("house", AccountNotFound),
        ("closed", AccountClosed),
        ("frozen", AccountFrozen),
        ("frozen for DEBITS", None),
        ("foreign", CurrencyMismatch),
    ],
)
def test_the_target_must_be_one_that_could_take_a_deposit_whatever_is_left(
    ledger: AnyLedger, target: str, refusal: type[DomainError] | None, minor: int
) -> None:
    source = ledger.funded(500)
    if not minor:
        ledger.succeed(Withdraw(account_id=source.id, amount=euros(500)))
    before = ledger.books.account(source.id)
    outcome = ledger.execute(CloseAccount(account_id=source.id, sweep_to_account_id=ACCOUNTS[target](ledger)))
    if refusal is None:
        assert outcome.is_success
    else:
        assert (type(outcome.result), outcome.result.path) == (refusal, TO)
        assert ledger.books.account(source.id) == before


def test_a_sweep_needs_room(ledger: AnyLedger) -> None:
    source, full, lender = ledger.opened().id, ledger.opened().id, ledger.opened(overdraft_limit=euros(1)).id
    ledger.succeed(Transfer(from_account_id=lender, to_account_id=source, amount=euros(1)))
    ledger.succeed(Deposit(account_id=full, amount=euros(LARGEST_BALANCE)))
    outcome = ledger.execute(CloseAccount(account_id=source, sweep_to_account_id=full))
    assert outcome.result == LimitExceeded(euros(LARGEST_BALANCE), path=TO)


@pytest.mark.parametrize(
    ("source", "target", "role", "refusal"),
    [
        ("missing", "closed", Role.MANAGER, (AccountNotFound, ACCOUNT_ID)),
        ("frozen", "missing", Role.MANAGER, (NotPermitted, ACCOUNT_ID)),
        ("closed", "missing", Role.MANAGER, (AccountNotFound, TO)),
        ("closed", "closed", Role.MANAGER, (AccountClosed, ACCOUNT_ID)),
        ("owing", "closed", Role.MANAGER, (AccountClosed, TO)),
        ("owing", "frozen", Role.MANAGER, (AccountFrozen, TO)),
        ("owing", "foreign", Role.MANAGER, (AccountNotEmpty, ACCOUNT_ID)),
        ("frozen", "foreign", Role.ADMIN, (CurrencyMismatch, TO)),
    ],
)
def test_the_refusal_highest_in_precedence_is_the_answer(
    ledger: AnyLedger, source: str, target: str, role: Role, refusal: tuple[type[DomainError], tuple[str, ...]]
) -> None:
    command = CloseAccount(account_id=ACCOUNTS[source](ledger), sweep_to_account_id=ACCOUNTS[target](ledger))
    outcome = ledger.execute(command, ledger.caller(role))
    assert (type(outcome.result), outcome.result.path) == refusal


def test_a_swept_account_takes_nothing_back(ledger: AnyLedger) -> None:
    source, target = ledger.funded(500), ledger.opened()
    sweep = ledger.succeed(CloseAccount(account_id=source.id, sweep_to_account_id=target.id)).sweep
    outcome = ledger.execute(ReverseTransaction(transaction_id=sweep.id))
    assert outcome.result == NotReversible(sweep.id, euros(0), path=("input", "transactionId"))


def test_two_accounts_swept_into_each_other_in_one_batch_are_closed_in_turn(ledger: AnyLedger) -> None:
    one, other = ledger.funded(500), ledger.funded(70)
    first, second = ledger.run(
        Request(SYSTEM, "a", CloseAccount(account_id=one.id, sweep_to_account_id=other.id)),
        Request(SYSTEM, "b", CloseAccount(account_id=other.id, sweep_to_account_id=one.id)),
    )
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert first.is_success
    assert (type(second.result), second.result.path) == (AccountClosed, TO)


def test_freezes_of_both_accounts_that_ran_out_are_settled_before(ledger: AnyLedger) -> None:
    source, target, manager = ledger.funded(500), ledger.opened(), ledger.caller(Role.MANAGER)
    soon = Instant(ledger.clock.at + 60 * SECOND)
    for account in (source, target):
        frozen(ledger, account.id, expires_at=soon)
    ledger.clock.at = soon
    ledger.succeed(CloseAccount(account_id=source.id, sweep_to_account_id=target.id), manager)
    operations = [record.operation for record in ledger.log[-3:]]
    assert operations == [Operation.EXPIRE_FREEZE, Operation.EXPIRE_FREEZE, Operation.CLOSE_ACCOUNT]


def test_the_log_of_a_sweep_names_both_accounts_and_the_movement(ledger: AnyLedger) -> None:
    source, target = ledger.funded(500), ledger.opened()
    sweep = ledger.succeed(CloseAccount(account_id=source.id, sweep_to_account_id=target.id, note="Bye")).sweep
    record = ledger.log[-1]
    details = json.loads(record.details)
    assert record.target_ids == (source.id, target.id, sweep.id)
    assert (details["input"]["sweepToAccountId"], details["result"]["sweep"]["id"]) == (target.id, sweep.id)
    assert details["accounts"][source.id]["after"] == {
        "state": "CLOSED",
        "posted": 0,
        "held": 0,
        "overdraftLimit": 0,
        "version": 2,
    }
    assert details["accounts"][target.id]["after"]["posted"] == 500
