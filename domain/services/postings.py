"""What every movement of money comes to: one transaction, and the two accounts one version later."""

from __future__ import annotations

from typing import Any

from domain import accounts
from domain.accounts import Account
from domain.ids import Prefix
from domain.money import Money
from domain.transactions import Transaction, TransactionKind
from domain.unit_of_work import UnitOfWork


def move(
    work: UnitOfWork, kind: TransactionKind, amount: Money, source: Account, target: Account, **words: Any
) -> tuple[Transaction, Account, Account]:
    """Stage a movement already found possible. From here on nothing may be refused.

    `words` are what the transaction says besides: reference, description, metadata, and what it reverses.
    """
    source, debit = accounts.post(source, -amount)
    target, credit = accounts.post(target, amount)
    transaction = Transaction(
        id=work.fresh_id(Prefix.TRANSACTION),
        sequence=work.sequence,
        kind=kind,
        amount=amount,
        entries=(debit, credit),
        created_at=work.now,
        **{"reference": None, "description": None, "metadata": (), **words},
    )
    work.stage_transaction(transaction)
    work.stage_account(source)
    work.stage_account(target)
    return transaction, source, target
