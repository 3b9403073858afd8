"""The books as a journal of Beancount, told line by line from one snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import peewee

from domain import beancount
from domain.accounts import Account as DomainAccount
from domain.money import Money
from domain.transactions import Transaction as DomainTransaction
from persistence import queries, rows
from persistence.books import read_head, read_transactions
from persistence.statements import Hole, Statement, storage_errors
from persistence.tables import Account, Currency, Transaction

CHUNK = 500
"""Transactions that are read at a time. Memory grows with the accounts that one day moves, and with nothing else."""

_ACCOUNTS = Statement(queries.accounts().order_by(Account.id))
_CURRENCIES = Statement(Currency.select(Currency.code).order_by(Currency.code))
_NEXT = Statement(
    queries.transactions().where(Transaction.sequence > Hole("sequence")).order_by(Transaction.sequence).limit(CHUNK)
)


def journal(database: peewee.SqliteDatabase) -> Iterator[bytes]:
    """Yield the lines: accounts, transactions, and what each account held whenever a day ended. Raises StorageError."""
    with storage_errors(), database.atomic("DEFERRED"):
        for line in _lines(database):
            yield f"{line}\n".encode()


def _lines(database: peewee.SqliteDatabase) -> Iterator[str]:
    yield from beancount.title(tuple(code for (code,) in _CURRENCIES(database)))
    for account in _accounts(database):
        yield from beancount.opening(account)
    yield from _movements(database)
    last = beancount.day_of(read_head(database).at)
    for account in _accounts(database):
        yield beancount.assertion(last, account.id, account.posted)


def _movements(database: peewee.SqliteDatabase) -> Iterator[str]:
    """Tell the transactions, and after those of a day how it left the accounts that it moved."""
    day: date | None = None
    left: dict[str, Money] = {}
    for transaction in _transactions(database):
        today = beancount.day_of(transaction.created_at)
        if day and today != day:
            yield from _ended(day, left)
            left.clear()
        day = today
        yield from beancount.movement(transaction)
        left.update({entry.account_id: entry.balance_after for entry in transaction.entries})
    if day:
        yield from _ended(day, left)


def _ended(day: date, left: dict[str, Money]) -> Iterator[str]:
    yield from (beancount.assertion(day, account_id, balance) for account_id, balance in left.items())


def _accounts(database: peewee.SqliteDatabase) -> Iterator[DomainAccount]:
    for row in database.execute_sql(_ACCOUNTS.text):
        yield rows.account(row)


def _transactions(database: peewee.SqliteDatabase) -> Iterator[DomainTransaction]:
    sequence = 0
    while found := _NEXT(database, sequence=sequence):
        for transaction in read_transactions(database, found):
            sequence = transaction.sequence
            yield transaction
