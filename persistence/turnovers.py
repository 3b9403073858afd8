"""Turnovers: one seek for each account, however many entries it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import peewee
from peewee import JOIN, SQL, fn

from domain.instants import Instant
from domain.turnovers import Turnover
from persistence import rows, tables
from persistence.ranges import first_sequence_from
from persistence.statements import Hole, Statement, array

_PRESENT = Statement(tables.Batch.select(tables.Batch.at).order_by(tables.Batch.number.desc()).limit(1))


def version_before(account_id: object, sequence: Hole) -> peewee.Select:
    """Select the last version that an account had before a sequence number."""
    entry = tables.Entry.alias("earlier")
    return (
        entry.select(entry.version)
        .where((entry.account_id == account_id) & (entry.sequence < sequence))
        .order_by(entry.sequence.desc(), entry.version.desc())
        .limit(1)
    )


_asked = fn.json_each(Hole("ids")).alias("asked")
_last = version_before(tables.Account.id, Hole("sequence"))
_TURNOVERS = Statement(
    tables.Account.select(
        tables.Account.id,
        fn.coalesce(tables.Turnover.credits_high, 0),
        fn.coalesce(tables.Turnover.credits_low, 0),
        fn.coalesce(tables.Entry.balance_after, 0),
        tables.Account.currency,
        tables.Currency.exponent,
    )
    .from_(_asked)
    .join(tables.Account, on=(tables.Account.id == SQL("asked.value")))
    .join(tables.Currency, on=(tables.Currency.code == tables.Account.currency))
    .join(
        tables.Entry,
        JOIN.LEFT_OUTER,
        on=(tables.Entry.account_id == tables.Account.id) & (tables.Entry.version == _last),
    )
    .join(
        tables.Turnover,
        JOIN.LEFT_OUTER,
        on=(tables.Turnover.account_id == tables.Entry.account_id) & (tables.Turnover.version == tables.Entry.version),
    )
)


def turnovers(database: peewee.Database, account_ids: Sequence[str], at: Instant) -> Mapping[str, Turnover]:
    """Return what went through each account before an instant."""
    found = _TURNOVERS(database, ids=array(account_ids), sequence=first_sequence_from(database, at))
    return {account_id: rows.turnover(tuple(row)) for account_id, *row in found}


def present(database: peewee.Database, now: Instant) -> Instant:
    """Return the earliest instant that the next batch can have: what lies before it is final."""
    found = _PRESENT(database)
    return Instant(max(now, found[0][0] + 1)) if found else now
