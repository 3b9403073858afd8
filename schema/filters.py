"""Ranges that filters are made of."""

from __future__ import annotations

import strawberry

from schema.money import MoneyInput
from schema.scalars import DateTime


@strawberry.input(description="From one instant up to another: half-open, and unbounded where a side is left out.")
class TimeRange:
    since: DateTime | None = strawberry.field(default=None, description="The first instant that counts.")
    until: DateTime | None = strawberry.field(
        default=None, description="The first instant that no longer counts; not before since."
    )


@strawberry.input(
    description="From one amount to another of the same currency, both included; unbounded where a side is left out."
)
class AmountRange:
    min: MoneyInput | None = strawberry.field(default=None, description="The smallest amount that counts.")
    max: MoneyInput | None = strawberry.field(default=None, description="The largest amount that counts.")
