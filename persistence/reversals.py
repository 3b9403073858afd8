"""What was taken back of which transaction, and by what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import peewee
from peewee import fn

from domain.money import Currency, Money
from domain.reading import Page, PageRequest
from domain.transactions import Transaction
from persistence import queries, tables
from persistence.books import read_transactions
from persistence.listings import page_of
from persistence.statements import Hole, Statement, array, each

_NO_END = 2**63 - 1

_wanted = tables.Reversal.alias("wanted")
_last = (
    _wanted.select(_wanted.cumulative)
    .where(_wanted.original == tables.Transaction.sequence)
    .order_by(_wanted.n.desc())
    .limit(1)
)
_AMOUNTS = Statement(
    tables.Transaction.select(
        tables.Transaction.id, fn.coalesce(_last, 0), tables.Transaction.currency, tables.Currency.exponent
    )
    .join(tables.Currency, on=(tables.Currency.code == tables.Transaction.currency))
    .where(tables.Transaction.id.in_(each("ids")))
)

_newest = (
    _wanted.select(_wanted.n)
    .where((_wanted.original == tables.Transaction.sequence) & (_wanted.sequence < Hole("after")))
    .order_by(_wanted.n.desc())
    .limit(Hole("limit"))
)
_PAGES = Statement(
    tables.Transaction.select(tables.Transaction.id, tables.Reversal.sequence)
    .join(tables.Reversal, on=(tables.Reversal.original == tables.Transaction.sequence))
    .where(tables.Transaction.id.in_(each("ids")) & tables.Reversal.n.in_(_newest))
    .order_by(tables.Reversal.sequence.desc())
)


def reversed_amounts(database: peewee.Database, ids: Sequence[str]) -> Mapping[str, Money]:
    """Return how much of each transaction is taken back."""
    found = _AMOUNTS(database, ids=array(ids))
    return {id_: Money(minor, Currency(code, exponent)) for id_, minor, code, exponent in found}


def reversal_pages(database: peewee.Database, ids: Sequence[str], page: PageRequest) -> Mapping[str, Page[Transaction]]:
    """List the reversals of each transaction, newest first."""
    after = _NO_END if page.after is None else page.after
    found = _PAGES(database, ids=array(ids), after=after, limit=page.first + 1)
    sequences: dict[str, list[int]] = defaultdict(list)
    for id_, sequence in found:
        sequences[id_].append(sequence)
    made = queries.TRANSACTIONS_AT(database, sequences=array([sequence for _, sequence in found]))
    reversing = {one.sequence: one for one in read_transactions(database, made)}
    return {id_: page_of(page, [(sequence, reversing[sequence]) for sequence in sequences[id_]]) for id_ in ids}
