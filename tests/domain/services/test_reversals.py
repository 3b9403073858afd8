"""Reversals of what no mutation here can make: they are written from the entries of the original, whatever its kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from domain.accounts import AccountKind
from domain.errors import NotReversible
from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.reversals import ReverseTransaction
from domain.transactions import Transaction, TransactionKind
from tests.support.books import euros
from tests.support.memory import MemoryLedger


def passed_off_as(ledger: MemoryLedger, made: Transaction, kind: TransactionKind) -> str:
    """Let the books hold a transaction under another kind, and return its id."""
    ledger.books.kept.transactions[made.id] = replace(made, kind=kind)
    return made.id


def standing(ledger: MemoryLedger) -> dict[str, int]:
    return {account.id: account.posted.minor for account in ledger.books.kept.accounts.values()}


@pytest.mark.parametrize("inside", [True, False])
def test_a_capture_comes_back_to_the_account_whose_hold_it_was(inside: bool) -> None:
    ledger = MemoryLedger()
    payer, payee = ledger.funded(500), ledger.opened()
    before = standing(ledger)
    move = Transfer(from_account_id=payer.id, to_account_id=payee.id, amount=euros(200))
    out = Withdraw(account_id=payer.id, amount=euros(200))
    made = ledger.succeed(move if inside else out).transaction
    capture = passed_off_as(ledger, made, TransactionKind.CAPTURE)
    part = ledger.succeed(ReverseTransaction(transaction_id=capture, amount=euros(50)))
    assert part.transaction.kind is TransactionKind.REVERSAL
    assert {account.kind for account in part.accounts} == {AccountKind.CUSTOMER}
    assert standing(ledger)[payer.id] == 350
    ledger.succeed(ReverseTransaction(transaction_id=capture))
    assert standing(ledger) == before


def test_a_sweep_has_no_reversal_although_nothing_of_it_was_taken_back() -> None:
    ledger = MemoryLedger()
    made = ledger.succeed(Deposit(account_id=ledger.opened().id, amount=euros(200))).transaction
    sweep = passed_off_as(ledger, made, TransactionKind.SWEEP)
    outcome = ledger.execute(ReverseTransaction(transaction_id=sweep))
    assert outcome.result == NotReversible(sweep, euros(0), path=("input", "transactionId"))
