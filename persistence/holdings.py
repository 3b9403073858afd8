"""Holds as they are listed and explained: what is due counts as settled, from its very instant."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache

import peewee
from peewee import SQL

from domain.holds import Hold, HoldState
from domain.instants import Instant
from domain.reading import Page, PageRequest
from domain.transactions import Transaction
from persistence import queries, rows, tables
from persistence.books import read_transactions
from persistence.listings import of_each, page_of
from persistence.statements import Hole, Statement, array, each

_HOLDS = Statement(queries.present_holds().where(tables.Hold.id.in_(each("ids"))))
_CAPTURED_AT = Statement(
    queries.present_holds(tables.Hold.changed_sequence).where(
        tables.Hold.changed_sequence.in_(each("sequences")) & queries.stored(HoldState.CAPTURED)
    )
)
_CAPTURES = Statement(
    queries.transactions(tables.Hold.id)
    .switch(tables.Transaction)
    .join(tables.Hold, on=(tables.Hold.changed_sequence == tables.Transaction.sequence))
    .where(tables.Hold.id.in_(each("ids")) & queries.stored(HoldState.CAPTURED))
)


def holds(database: peewee.Database, now: Instant, ids: Sequence[str]) -> Mapping[str, Hold]:
    """Return holds by id."""
    return {row[0]: rows.hold(row) for row in _HOLDS(database, ids=array(ids), now=now)}


def holds_captured_at(database: peewee.Database, now: Instant, sequences: Sequence[int]) -> Mapping[int, Hold]:
    """Return which holds were captured by the audit records of these numbers."""
    found = _CAPTURED_AT(database, sequences=array(sequences), now=now)
    return {sequence: rows.hold(tuple(row)) for sequence, *row in found}


def capture_pages(
    database: peewee.Database, hold_ids: Sequence[str], page: PageRequest
) -> Mapping[str, Page[Transaction]]:
    """List the transactions that made each hold good: one for a captured hold, and none for any other."""
    found = _CAPTURES(database, ids=array(hold_ids))
    holds = {row[1]: row[0] for row in found}
    made = read_transactions(database, [tuple(row[1:]) for row in found])
    pages = {
        holds[one.sequence]: page_of(page, [(one.sequence, one)])
        for one in made
        if page.after is None or one.sequence < page.after
    }
    return {hold_id: pages.get(hold_id, Page()) for hold_id in hold_ids}


def hold_pages(
    database: peewee.Database, now: Instant, account_ids: Sequence[str], state: HoldState | None, page: PageRequest
) -> Mapping[str, Page[Hold]]:
    """List the holds of each account, newest first."""
    statement = _listed(state, page.after is not None)
    found = statement(database, ids=array(account_ids), now=now, after=page.after, limit=page.first + 1)
    listed: dict[str, list[tuple[int, Hold]]] = defaultdict(list)
    for position, *row in found:
        hold = rows.hold(tuple(row))
        listed[hold.account_id].append((position, hold))
    return {account_id: page_of(page, listed[account_id]) for account_id in account_ids}


@cache
def _listed(state: HoldState | None, goes_on: bool) -> Statement:  # noqa: FBT001 - one statement for each
    """Return the statement that lists holds of a state as they are at the instant `now`."""
    hold, wanted = tables.Hold, tables.Hold.alias("wanted")
    conditions = [wanted.account_id == SQL("asked.value")]
    if state is not None:
        conditions.append(queries.standing(state, wanted))
    if goes_on:
        conditions.append(wanted.placed_sequence < Hole("after"))
    ids = wanted.select(wanted.id).where(*conditions).order_by(wanted.placed_sequence.desc()).limit(Hole("limit"))
    query = queries.present_holds(hold.placed_sequence)
    return Statement(of_each(query, hold.account_id, hold.id.in_(ids)).order_by(hold.placed_sequence.desc()))
