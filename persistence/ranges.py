"""Ranges: of positions, to which time is reduced, and of amounts. Each is a set of values, and a condition for each.

In the books time only grows, so that an interval of time is a range of sequence numbers.
"""

from __future__ import annotations

from typing import Any

import peewee

from domain.instants import Instant
from domain.reading import AmountRange, TimeRange
from persistence import tables
from persistence.statements import Hole, Statement

NEVER = 2**63 - 1
"""Beyond every sequence number."""

_FIRST_SEQUENCE_FROM = Statement(
    tables.Batch.select(tables.Batch.first_sequence)
    .where(tables.Batch.at >= Hole("at"))
    .order_by(tables.Batch.at)
    .limit(1)
)

Values = dict[str, Any]


def first_sequence_from(database: peewee.Database, at: Instant) -> int:
    """Return where the records made at that instant or later begin."""
    found = _FIRST_SEQUENCE_FROM(database, at=at)
    return int(found[0][0]) if found else NEVER


# Conditions. Each holds for a value of its name.


def positions(position: Any) -> dict[str, Any]:
    """Hold a position within bounds: `since` is included, `until` is not."""
    return {"since": position >= Hole("since"), "until": position < Hole("until")}


def amounts(amount: Any, currency: Any) -> dict[str, Any]:
    """Hold an amount within bounds, both included."""
    return {
        "minimum": amount >= Hole("minimum"),
        "maximum": amount <= Hole("maximum"),
        "amount_currency": currency == Hole("amount_currency"),
    }


# Values: what is not asked for is None, and so chooses no condition.


def positions_in(database: peewee.Database, asked: TimeRange) -> Values:
    """Return the positions of an interval."""
    return {
        "since": None if asked.since is None else first_sequence_from(database, asked.since),
        "until": None if asked.until is None else first_sequence_from(database, asked.until),
    }


def upwards(database: peewee.Database, asked: TimeRange, after: int | None) -> Values:
    """Return what is left of an interval after a position, oldest first: one bound each way, so a page is one seek."""
    values = positions_in(database, asked)
    return values if after is None else values | {"since": max(values["since"] or 0, after + 1)}


def downwards(database: peewee.Database, asked: TimeRange, after: int | None) -> Values:
    """Return what is left of an interval after a position, newest first."""
    values = positions_in(database, asked)
    return values if after is None else values | {"until": min(values["until"] or NEVER, after)}


def amounts_in(asked: AmountRange) -> Values:
    """Return the bounds of a range of amounts."""
    bound = asked.minimum or asked.maximum
    return {
        "minimum": asked.minimum and asked.minimum.minor,
        "maximum": asked.maximum and asked.maximum.minor,
        "amount_currency": bound and bound.currency.code,
    }
