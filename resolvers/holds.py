"""Holds: placing, capturing, releasing; explaining the balances that they are a part of."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.instants import Instant
from domain.services.captures import CaptureHold
from domain.services.holds import PlaceHold, ReleaseHold
from resolvers import inputs
from resolvers.context import Info
from resolvers.failures import bad_user_input
from resolvers.operation import Input, Key, perform
from schema.explanations import BalanceExplanation
from schema.hold_results import CaptureHoldResult, PlaceHoldResult, ReleaseHoldResult
from schema.holds import CaptureHoldInput, PlaceHoldInput, ReleaseHoldInput
from schema.scalars import DateTime

AccountId = Annotated[strawberry.ID, strawberry.argument(description="The account's id.")]
At = Annotated[DateTime | None, strawberry.argument(description="An instant that has passed; the present if left out.")]


async def place_hold(info: Info, idempotency_key: Key, input: Input[PlaceHoldInput]) -> PlaceHoldResult | None:
    return await perform(info, idempotency_key, PlaceHold, inputs.place_hold, input)


async def capture_hold(info: Info, idempotency_key: Key, input: Input[CaptureHoldInput]) -> CaptureHoldResult | None:
    return await perform(info, idempotency_key, CaptureHold, inputs.capture_hold, input)


async def release_hold(info: Info, idempotency_key: Key, input: Input[ReleaseHoldInput]) -> ReleaseHoldResult | None:
    return await perform(info, idempotency_key, ReleaseHold, inputs.release_hold, input)


async def explain_balance(info: Info, account_id: AccountId, at: At = None) -> BalanceExplanation | None:
    if at is not None and at > info.context.clock.now():
        raise bad_user_input("at must not lie in the future.")
    asked = None if at is None else Instant(at)
    explained = info.context.reader.balance_explanation(account_id, asked)
    return None if explained is None else BalanceExplanation.of(explained)
