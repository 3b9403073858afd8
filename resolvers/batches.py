"""Movements by the many, and movements that are only asked about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from domain.catalogue import Catalogue
from domain.services.batches import ExecuteBatch
from domain.services.movements import Deposit, Movement, Transfer, Withdraw
from resolvers import inputs
from resolvers.answers import preview_answer
from resolvers.context import Info
from resolvers.operation import Input, Key, perform, understood
from schema.batch_results import ExecuteBatchResult, PreviewResult
from schema.batches import ExecuteBatchInput
from schema.transactions import DepositInput, TransferInput, WithdrawInput

Given = TypeVar("Given")


async def execute_batch(info: Info, idempotency_key: Key, input: Input[ExecuteBatchInput]) -> ExecuteBatchResult | None:
    return await perform(info, idempotency_key, ExecuteBatch, inputs.execute_batch, input)


async def preview_deposit(info: Info, input: Input[DepositInput]) -> PreviewResult | None:
    return _previewed(info, Deposit, inputs.deposit, input)


async def preview_withdraw(info: Info, input: Input[WithdrawInput]) -> PreviewResult | None:
    return _previewed(info, Withdraw, inputs.withdraw, input)


async def preview_transfer(info: Info, input: Input[TransferInput]) -> PreviewResult | None:
    return _previewed(info, Transfer, inputs.transfer, input)


def _previewed(info: Info, kind: type[Movement], read: Callable[[Catalogue, Given], Movement], given: Given) -> Any:
    command = understood(info.context.catalogue, kind, read, given)
    return preview_answer(info.context.reader.preview(info.context.caller, command))
