"""Movements: depositing, withdrawing, transferring, reversing; finding transactions."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.services.movements import Deposit, Transfer, Withdraw
from domain.services.reversals import ReverseTransaction
from resolvers import inputs
from resolvers.context import Info
from resolvers.filters import transaction_filter
from resolvers.operation import Input, Key, perform
from resolvers.pages import Listing, connection, page_request
from schema.pages import After, Connection, First
from schema.results import DepositResult, ReverseTransactionResult, TransferResult, WithdrawResult
from schema.transactions import (
    DepositInput,
    ReverseTransactionInput,
    Transaction,
    TransactionFilter,
    TransferInput,
    WithdrawInput,
)

Id = Annotated[strawberry.ID, strawberry.argument(description="The transaction's id.")]
Filter = Annotated[TransactionFilter | None, strawberry.argument(description="Which transactions; all if left out.")]


async def deposit(info: Info, idempotency_key: Key, input: Input[DepositInput]) -> DepositResult | None:
    return await perform(info, idempotency_key, Deposit, inputs.deposit, input)


async def withdraw(info: Info, idempotency_key: Key, input: Input[WithdrawInput]) -> WithdrawResult | None:
    return await perform(info, idempotency_key, Withdraw, inputs.withdraw, input)


async def transfer(info: Info, idempotency_key: Key, input: Input[TransferInput]) -> TransferResult | None:
    return await perform(info, idempotency_key, Transfer, inputs.transfer, input)


async def reverse_transaction(
    info: Info, idempotency_key: Key, input: Input[ReverseTransactionInput]
) -> ReverseTransactionResult | None:
    return await perform(info, idempotency_key, ReverseTransaction, inputs.reverse_transaction, input)


async def transaction(info: Info, id: Id) -> Transaction | None:
    return await info.context.edges.transaction(id)


async def transactions(
    info: Info, filter: Filter = None, first: First = 20, after: After = None
) -> Connection[Transaction] | None:
    asked = page_request(Listing.TRANSACTIONS, first, after)
    page = info.context.reader.transaction_page(transaction_filter(info.context.catalogue, filter), asked)
    return connection(Listing.TRANSACTIONS, asked, page, Transaction.of)
