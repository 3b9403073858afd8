"""A balance explained: recomputed from everything it is made of, in one snapshot."""

from __future__ import annotations

from typing import Any

import peewee
from peewee import fn

from domain.accounts import Account
from domain.explanations import MOST_TOLD, BalanceExplanation
from domain.freezes import Freeze
from domain.holds import Hold, HoldState
from domain.instants import Instant
from domain.money import Money
from persistence import queries, rows, tables, turnovers
from persistence.statements import Hole, Statement, array, each, storage_errors

PRESENT_ACCOUNTS = Statement(
    queries.present_accounts().where(tables.Account.id.in_(each("ids")) & (tables.Account.kind == "CUSTOMER"))
)
_LAST_BATCH = Statement(
    tables.Batch.select(tables.Batch.last_sequence)
    .where(tables.Batch.at < Hole("at"))
    .order_by(tables.Batch.at.desc())
    .limit(1)
)
_UNTIL_THEN = (tables.Entry.account_id == Hole("id")) & (tables.Entry.sequence <= Hole("sequence"))
_TOTAL = Statement(tables.Entry.select(fn.COALESCE(fn.SUM(tables.Entry.amount), 0)).where(_UNTIL_THEN))
_BALANCE = Statement(
    tables.Entry.select(tables.Entry.balance_after)
    .where(_UNTIL_THEN)
    .order_by(tables.Entry.sequence.desc(), tables.Entry.version.desc())
    .limit(1)
)


def _counted(table: Any, ended: Any) -> Any:
    """Tell which holds or freezes of an account counted: placed by then, neither ended nor run out."""
    return (
        (table.account_id == Hole("id"))
        & (table.placed_sequence <= Hole("sequence"))
        & (~ended | (table.changed_sequence > Hole("sequence")))
        & (table.expires_at.is_null() | (table.expires_at > Hole("then")))
    )


_WAS_OPEN = _counted(tables.Hold, tables.Hold.state != HoldState.OPEN.value)
_WAS_LIVE = _counted(tables.Freeze, tables.Freeze.released_at.is_null(is_null=False))
_HELD = Statement(
    tables.Hold.select(fn.COALESCE(fn.SUM(tables.Hold.amount), 0), fn.COUNT(tables.Hold.id)).where(_WAS_OPEN)
)
_OPEN_HOLDS = Statement(queries.present_holds().where(_WAS_OPEN).order_by(tables.Hold.placed_sequence).limit(MOST_TOLD))
_LIVE_FREEZES = Statement(queries.freezes().where(_WAS_LIVE).order_by(tables.Freeze.placed_sequence).limit(MOST_TOLD))


def explanation(
    database: peewee.Database, now: Instant, account_id: str, at: Instant | None
) -> BalanceExplanation | None:
    """Return what the balance of a customer's account is made of, now or by the records before an instant."""
    with storage_errors(), database.atomic("DEFERRED"):
        present = turnovers.present(database, now)
        then = present if at is None else at
        sequence = _last_sequence_before(database, then)
        found = PRESENT_ACCOUNTS(database, ids=array([account_id]), now=present)
        if not found:
            return None
        account = rows.account(found[0])
        posted, total = _posted(database, account, sequence)
        held, count = _held(database, account, sequence, then)
        return BalanceExplanation(
            account=account,
            at=then,
            posted=account.posted if at is None else posted,
            entries_total=total,
            held=account.held if at is None else held,
            open_holds=_open_holds(database, account, sequence, then, present),
            open_hold_count=count,
            live_freezes=_live_freezes(database, account, sequence, then),
            sequence=sequence,
        )


def _last_sequence_before(database: peewee.Database, at: Instant) -> int:
    found = _LAST_BATCH(database, at=at)
    return found[0][0] if found else 0


def _posted(database: peewee.Database, account: Account, sequence: int) -> tuple[Money, Money]:
    """Return the balance that the last entry tells, and what all of them add up to."""
    last = _BALANCE(database, id=account.id, sequence=sequence)
    ((total,),) = _TOTAL(database, id=account.id, sequence=sequence)
    return Money(last[0][0] if last else 0, account.currency), Money(total, account.currency)


def _held(database: peewee.Database, account: Account, sequence: int, then: Instant) -> tuple[Money, int]:
    ((held, count),) = _HELD(database, id=account.id, sequence=sequence, then=then)
    return Money(held, account.currency), count


def _open_holds(
    database: peewee.Database, account: Account, sequence: int, then: Instant, present: Instant
) -> tuple[Hold, ...]:
    """Return the holds that were open then, as they are now."""
    found = _OPEN_HOLDS(database, id=account.id, sequence=sequence, then=then, now=present)
    return tuple(map(rows.hold, found))


def _live_freezes(database: peewee.Database, account: Account, sequence: int, then: Instant) -> tuple[Freeze, ...]:
    """Return the freezes that were live then, as they are now."""
    found = _LIVE_FREEZES(database, id=account.id, sequence=sequence, then=then)
    return tuple(map(rows.freeze, found))
