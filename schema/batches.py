"""Batches of movements and previews of single ones, as they are said."""

from __future__ import annotations

import strawberry

from domain import accounts
from schema.enums import BatchMode
from schema.money import Money
from schema.scalars import DateTime, IdempotencyKey, Int64
from schema.transactions import DepositInput, TransferInput, WithdrawInput

_KEY = "The key under which it could also be sent alone: then it is done once, whichever comes first."


@strawberry.input(description="A deposit of a batch.")
class BatchDepositInput:
    idempotency_key: IdempotencyKey = strawberry.field(description=_KEY)
    input: DepositInput = strawberry.field(description="What to deposit.")


@strawberry.input(description="A withdrawal of a batch.")
class BatchWithdrawInput:
    idempotency_key: IdempotencyKey = strawberry.field(description=_KEY)
    input: WithdrawInput = strawberry.field(description="What to withdraw.")


@strawberry.input(description="A transfer of a batch.")
class BatchTransferInput:
    idempotency_key: IdempotencyKey = strawberry.field(description=_KEY)
    input: TransferInput = strawberry.field(description="What to transfer.")


@strawberry.input(one_of=True, description="One movement of a batch.")
class BatchItemInput:
    deposit: BatchDepositInput | None = strawberry.field(default=strawberry.UNSET, description="A deposit.")
    withdraw: BatchWithdrawInput | None = strawberry.field(default=strawberry.UNSET, description="A withdrawal.")
    transfer: BatchTransferInput | None = strawberry.field(default=strawberry.UNSET, description="A transfer.")


@strawberry.input(description="Which movements to carry out.")
class ExecuteBatchInput:
    mode: BatchMode = strawberry.field(description="What the refusal of one item means for the others.")
    items: list[BatchItemInput] = strawberry.field(description="1 to 1,000 movements, carried out in this order.")


@strawberry.type(description="How an account would stand.")
class AccountPreview:
    account_id: strawberry.ID = strawberry.field(description="The account.")
    posted: Money = strawberry.field(description="The sum of its entries then.")
    available: Money = strawberry.field(description="What could be withdrawn then.")
    version: Int64 = strawberry.field(description="Its version then.")

    @classmethod
    def of(cls, account: accounts.Account) -> AccountPreview:
        """Present an account as it would be."""
        return cls(
            account_id=strawberry.ID(account.id),
            posted=Money.of(account.posted),
            available=Money.of(account.available),
            version=Int64(account.version),
        )


@strawberry.type(description="The movement would succeed; nothing was done.")
class MovementPreview:
    accounts: list[AccountPreview] = strawberry.field(
        description="The accounts that would be moved, as they would stand: the debited one first."
    )
    as_of: DateTime = strawberry.field(description="The moment for which this holds; it promises nothing for later.")
