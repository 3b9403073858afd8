"""Money and metadata, as they are said."""

from __future__ import annotations

import strawberry

from domain import money as domain
from domain.text import Metadata
from schema.scalars import CurrencyCode, Decimal


@strawberry.type(description="An amount of one currency.")
class Money:
    amount: Decimal = strawberry.field(
        description="In major units, such as 10.50, with exactly the decimals of the currency."
    )
    currency: CurrencyCode = strawberry.field(description="The currency, by its ISO 4217 code.")

    @classmethod
    def of(cls, money: domain.Money) -> Money:
        """Present an amount."""
        return cls(amount=Decimal(str(money)), currency=CurrencyCode(money.currency.code))


@strawberry.input(description="An amount of one currency.")
class MoneyInput:
    amount: Decimal = strawberry.field(
        description="In major units, such as 10.50, with at most the decimals of the currency."
    )
    currency: CurrencyCode = strawberry.field(description="The currency, by its ISO 4217 code.")


@strawberry.type(description="One pair of metadata.")
class MetadataEntry:
    key: str = strawberry.field(description="The key, unique among its pairs.")
    value: str = strawberry.field(description="The value.")

    @classmethod
    def all_of(cls, metadata: Metadata) -> list[MetadataEntry]:
        """Present all pairs, sorted by key."""
        return [cls(key=key, value=value) for key, value in metadata]


@strawberry.input(description="One pair of metadata. There are at most 20.")
class MetadataEntryInput:
    key: str = strawberry.field(description="1 to 40 characters, not blank, each key once.")
    value: str = strawberry.field(description="At most 500 characters.")
