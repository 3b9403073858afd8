"""Reversals: what was moved comes back, whole or in part, once and never more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping

import pytest

from domain.access import SYSTEM, Operation, Role
from domain.accounts import AccountState
from domain.commands import Command
from domain.errors import (
    AccountClosed,
    AccountFrozen,
    CurrencyMismatch,
    DomainError,
    InsufficientFunds,
    LimitExceeded,
    NotReversible,
    TransactionNotFound,
)
from domain.freezes import FreezeScope
from domain.instants import SECOND, Instant
from domain.money import LARGEST_BALANCE, Money
from domain.ports import Outcome, Request
from domain.services.accounts import CloseAccount
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.overdrafts import SetOverdraftLimit
from domain.services.reversals import ReverseTransaction
from domain.transactions import Transaction, TransactionKind
from tests.contracts.ledgers import AnyLedger
from tests.contracts.situations import deposited, frozen
from tests.support.books import JPY, euros

TRANSACTION_ID, AMOUNT = ("input", "transactionId"), ("input", "amount")


def _deposit(ledger: AnyLedger) -> Command:
    return Deposit(account_id=ledger.funded(1000).id, amount=euros(500))


def _withdrawal(ledger: AnyLedger) -> Command:
    return Withdraw(account_id=ledger.funded(1000).id, amount=euros(500))


def _transfer(ledger: AnyLedger) -> Command:
    return Transfer(from_account_id=ledger.funded(1000).id, to_account_id=ledger.funded(1000).id, amount=euros(500))


MOVEMENTS: Mapping[str, Callable[[AnyLedger], Command]] = {
    "deposit": _deposit,
    "withdrawal": _withdrawal,
    "transfer": _transfer,
}


def balances(ledger: AnyLedger, transaction: Transaction) -> list[int]:
    """Return the balances of the accounts that a transaction moved between."""
    found = [ledger.books.account(entry.account_id) for entry in transaction.entries]
    return [account.posted.minor for account in found if account]


def taken_back(ledger: AnyLedger, transaction_id: str, minor: int | None = None) -> Transaction:
    amount = None if minor is None else euros(minor)
    command = ReverseTransaction(transaction_id=transaction_id, amount=amount)
    transaction: Transaction = ledger.succeed(command).transaction
    return transaction


def payers(ledger: AnyLedger, transaction: Transaction) -> tuple[str, str]:
    """Return the accounts that a transaction left and reached."""
    paid, received = transaction.entries
    return paid.account_id, received.account_id


@pytest.mark.parametrize("kind", MOVEMENTS)
def test_a_whole_reversal_leaves_the_balances_as_they_were_before_its_original(ledger: AnyLedger, kind: str) -> None:
    command = MOVEMENTS[kind](ledger)
    original = ledger.succeed(command).transaction
    before = [entry.balance_after.minor - entry.amount.minor for entry in original.entries]
    success = ledger.succeed(ReverseTransaction(transaction_id=original.id, description="By mistake"))
    assert balances(ledger, original) == before
    made = success.transaction
    assert (made.kind, made.amount, made.description) == (TransactionKind.REVERSAL, euros(500), "By mistake")
    assert (made.reverses, success.original) == (original.id, original)
    assert payers(ledger, made) == payers(ledger, original)[::-1]
    assert [entry.amount.minor for entry in made.entries] == [-500, 500]
    assert ledger.books.transaction(made.id) == made


@pytest.mark.parametrize("kind", MOVEMENTS)
def test_a_transaction_is_taken_back_part_by_part_until_nothing_is_left(ledger: AnyLedger, kind: str) -> None:
    original = ledger.succeed(MOVEMENTS[kind](ledger)).transaction
    parts = [taken_back(ledger, original.id, part).amount.minor for part in (200, 299, None)]
    assert parts == [200, 299, 1]
    last = ledger.books.last_reversal(original.id)
    assert last is not None
    assert (last.original, last.n, last.cumulative) == (original.sequence, 3, euros(500))
    outcome = ledger.execute(ReverseTransaction(transaction_id=original.id))
    assert outcome.result == NotReversible(original.id, euros(0), path=TRANSACTION_ID)


def test_more_than_is_left_is_not_taken_back(ledger: AnyLedger) -> None:
    transaction_id = deposited(ledger, 500)
    too_much = ledger.execute(ReverseTransaction(transaction_id=transaction_id, amount=euros(501)))
    assert too_much.result == NotReversible(transaction_id, euros(500), path=AMOUNT)
    taken_back(ledger, transaction_id, 200)
    still = ledger.execute(ReverseTransaction(transaction_id=transaction_id, amount=euros(301)))
    assert still.result == NotReversible(transaction_id, euros(300), path=AMOUNT)


def test_a_transaction_that_was_not_taken_back_has_no_last_reversal(ledger: AnyLedger) -> None:
    transaction_id = deposited(ledger)
    assert ledger.books.last_reversal(transaction_id) is None
    assert ledger.books.last_reversal("txn_missing") is None
    reversal = taken_back(ledger, transaction_id)
    assert ledger.books.last_reversal(reversal.id) is None


def test_a_reversal_is_not_reversed(ledger: AnyLedger) -> None:
    reversal = taken_back(ledger, deposited(ledger), 200)
    for amount in (None, euros(1), Money(1, JPY)):
        outcome = ledger.execute(ReverseTransaction(transaction_id=reversal.id, amount=amount))
        assert outcome.result == NotReversible(reversal.id, euros(0), path=TRANSACTION_ID)


def test_what_was_spent_is_not_taken_back_until_the_limit_is_raised(ledger: AnyLedger) -> None:
    manager = ledger.caller(Role.MANAGER)
    account_id = ledger.opened().id
    transaction_id = ledger.succeed(Deposit(account_id=account_id, amount=euros(500))).transaction.id
    ledger.succeed(Withdraw(account_id=account_id, amount=euros(300)))
    whole = ReverseTransaction(transaction_id=transaction_id)
    assert ledger.execute(whole, manager).result == InsufficientFunds(euros(200), euros(300), path=TRANSACTION_ID)
    part = ReverseTransaction(transaction_id=transaction_id, amount=euros(201))
    assert ledger.execute(part, manager).result == InsufficientFunds(euros(200), euros(1), path=AMOUNT)
    ledger.succeed(SetOverdraftLimit(account_id=account_id, limit=euros(300)), manager)
    (account,) = ledger.succeed(whole, manager).accounts
    assert (account.id, account.posted, account.available) == (account_id, euros(-300), euros(0))


def test_a_reversal_is_in_the_currency_of_its_original(ledger: AnyLedger) -> None:
    outcome = ledger.execute(ReverseTransaction(transaction_id=deposited(ledger), amount=Money(1, JPY)))
    assert outcome.result == CurrencyMismatch("EUR", path=("input", "amount", "currency"))


def test_an_unknown_transaction_is_not_found(ledger: AnyLedger) -> None:
    for id_ in ("txn_missing", ledger.opened().id, ""):
        outcome = ledger.execute(ReverseTransaction(transaction_id=id_))
        assert outcome.result == TransactionNotFound(id_, path=TRANSACTION_ID)
        assert ledger.log[-1].target_ids == (id_,)


@pytest.mark.parametrize("lent", [0, 100])
def test_money_does_not_come_back_to_where_there_is_no_room_for_it(ledger: AnyLedger, lent: int) -> None:
    """The house has no room either, unless somebody else owes it as much."""
    account_id, lender = ledger.funded(100).id, ledger.opened(overdraft_limit=euros(100)).id
    withdrawn = ledger.succeed(Withdraw(account_id=account_id, amount=euros(100))).transaction
    if lent:
        ledger.succeed(Withdraw(account_id=lender, amount=euros(lent)))
    ledger.succeed(Deposit(account_id=account_id, amount=euros(LARGEST_BALANCE)))
    for amount, path in ((euros(1), AMOUNT), (None, TRANSACTION_ID)):
        outcome = ledger.execute(ReverseTransaction(transaction_id=withdrawn.id, amount=amount))
        assert outcome.result == LimitExceeded(euros(LARGEST_BALANCE), path=path)


def test_the_house_takes_back_no_more_than_the_books_can_hold(ledger: AnyLedger) -> None:
    account_id, other_id = ledger.funded(100).id, ledger.opened(overdraft_limit=euros(100)).id
    withdrawn = ledger.succeed(Withdraw(account_id=account_id, amount=euros(100))).transaction
    ledger.succeed(Deposit(account_id=other_id, amount=euros(LARGEST_BALANCE)))
    outcome = ledger.execute(ReverseTransaction(transaction_id=withdrawn.id))
    assert outcome.result == LimitExceeded(euros(LARGEST_BALANCE), path=TRANSACTION_ID)


# States: what is debited must be free, what is credited need not be

OUT, BACK = 1, 0
ALLOWED = None
STATES = ("DEBITS", "ALL", "CLOSED")
TABLE: Mapping[tuple[str, int], tuple[type[DomainError] | None, ...]] = {
    # original, and which side           FROZEN DEBITS  FROZEN ALL     CLOSED
    ("deposit", OUT): (AccountFrozen, AccountFrozen, AccountClosed),
    ("withdrawal", BACK): (ALLOWED, ALLOWED, AccountClosed),
    ("transfer", OUT): (AccountFrozen, AccountFrozen, AccountClosed),
    ("transfer", BACK): (ALLOWED, ALLOWED, AccountClosed),
}


def led(ledger: AnyLedger, account_id: str, state: str) -> None:
    """Lead an account into a state, emptying it first if it is to be closed."""
    if state != "CLOSED":
        frozen(ledger, account_id, scope=FreezeScope(state))
        return
    account = ledger.books.account(account_id)
    assert account is not None
    ledger.succeed(Withdraw(account_id=account_id, amount=account.posted))
    ledger.succeed(CloseAccount(account_id=account_id))


@pytest.mark.parametrize(
    ("kind", "side", "state", "expected"),
    [(kind, side, state, cell) for (kind, side), row in TABLE.items() for state, cell in zip(STATES, row, strict=True)],
)
def test_a_freeze_stops_what_a_reversal_debits_and_a_closing_stops_both(
    ledger: AnyLedger, kind: str, side: int, state: str, expected: type[DomainError] | None
) -> None:
    original = ledger.succeed(MOVEMENTS[kind](ledger)).transaction
    account_id = original.entries[side].account_id
    led(ledger, account_id, state)
    outcome = ledger.execute(ReverseTransaction(transaction_id=original.id))
    assert outcome.is_success if expected is ALLOWED else type(outcome.result) is expected
    if expected is not ALLOWED:
        assert (outcome.result.account_id, outcome.result.path) == (account_id, TRANSACTION_ID)
        assert ledger.books.last_reversal(original.id) is None


@pytest.mark.parametrize(
    ("sides", "back", "amount", "refusal"),
    [
        ("DEBITS CLOSED", True, Money(1, JPY), AccountClosed),
        ("CLOSED ALL", True, Money(1, JPY), AccountClosed),
        ("ALL DEBITS", True, Money(1, JPY), AccountFrozen),
        ("ALL", True, Money(1, JPY), NotReversible),
        ("ALL", False, Money(1, JPY), CurrencyMismatch),
        ("ALL", False, euros(2), NotReversible),
    ],
)
def test_the_refusal_highest_in_precedence_is_the_answer(
    ledger: AnyLedger, sides: str, back: bool, amount: Money, refusal: type[DomainError]
) -> None:
    source, target = ledger.funded(2).id, ledger.funded(1).id
    transfer = Transfer(from_account_id=source, to_account_id=target, amount=euros(1))
    transaction_id = ledger.succeed(transfer).transaction.id
    if back:
        taken_back(ledger, transaction_id)
    for account_id, state in zip((source, target), sides.split(), strict=False):
        led(ledger, account_id, state)
    outcome = ledger.execute(ReverseTransaction(transaction_id=transaction_id, amount=amount))
    assert type(outcome.result) is refusal


# Batches, time, and the log


def test_two_reversals_in_one_batch_cannot_take_the_same_money_back(ledger: AnyLedger) -> None:
    account = ledger.funded(1000)
    transaction_id = ledger.succeed(Deposit(account_id=account.id, amount=euros(500))).transaction.id
    command = ReverseTransaction(transaction_id=transaction_id, amount=euros(300))
    first, second = ledger.run(Request(SYSTEM, "a", command), Request(SYSTEM, "b", command))
    assert isinstance(first, Outcome)
    assert isinstance(second, Outcome)
    assert first.is_success
    assert second.result == NotReversible(transaction_id, euros(200), path=AMOUNT)


def test_a_transaction_is_taken_back_twice_in_the_batch_that_made_it(ledger: AnyLedger) -> None:
    account = ledger.funded(1000)
    transaction_id = f"txn_{2:026}"
    deposit = Deposit(account_id=account.id, amount=euros(500))
    part = ReverseTransaction(transaction_id=transaction_id, amount=euros(200))
    commands = (deposit, part, part)
    outcomes = ledger.run(*(Request(SYSTEM, f"in batch {n}", command) for n, command in enumerate(commands)))
    assert all(isinstance(outcome, Outcome) and outcome.is_success for outcome in outcomes)
    last = ledger.books.last_reversal(transaction_id)
    assert last is not None
    assert (last.n, last.cumulative) == (2, euros(400))
    assert taken_back(ledger, transaction_id).amount == euros(100)


def test_a_freeze_that_ran_out_is_settled_on_the_accounts_of_the_original(ledger: AnyLedger) -> None:
    original = ledger.succeed(_transfer(ledger)).transaction
    _, received = payers(ledger, original)
    soon = Instant(ledger.clock.at + 60 * SECOND)
    frozen(ledger, received, expires_at=soon)
    ledger.clock.at = soon
    taken_back(ledger, original.id)
    account = ledger.books.account(received)
    assert account is not None
    assert account.state is AccountState.ACTIVE
    assert [record.operation for record in ledger.log[-2:]] == [Operation.EXPIRE_FREEZE, Operation.REVERSE_TRANSACTION]


def test_the_log_of_a_reversal_names_original_accounts_and_reversal_and_tells_how_they_stood(ledger: AnyLedger) -> None:
    original = ledger.succeed(_transfer(ledger)).transaction
    made = taken_back(ledger, original.id, 200)
    record = ledger.log[-1]
    source, target = payers(ledger, original)
    assert record.operation is Operation.REVERSE_TRANSACTION
    assert record.target_ids == (original.id, target, source, made.id)
    details = json.loads(record.details)
    assert details["input"] == {"amount": "200 EUR/2", "transactionId": original.id}
    assert (details["result"]["transaction"]["reverses"], details["result"]["original"]["id"]) == (original.id,) * 2
    assert [details["accounts"][id_]["after"]["posted"] for id_ in (source, target)] == [700, 1300]


def test_a_replayed_reversal_shows_what_was_decided_then(ledger: AnyLedger) -> None:
    transaction_id = deposited(ledger)
    part = ReverseTransaction(transaction_id=transaction_id, amount=euros(200), description="By mistake")
    first = ledger.execute(part, key="once")
    taken_back(ledger, transaction_id)
    again = ledger.execute(part, key="once")
    assert (again.result, again.replayed) == (first.result, True)
    assert (again.result.transaction.description, again.result.original.description) == ("By mistake",) * 2
