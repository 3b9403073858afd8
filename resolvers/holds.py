"""Holds: placing, capturing, releasing; explaining the balances that they are a part of."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.services.captures import CaptureHold
from domain.services.holds import PlaceHold, ReleaseHold
from resolvers import inputs
from resolvers.context import Info
from resolvers.filters import past_instant
from resolvers.operation import Input, Key, perform
from schema.explanations import BalanceExplanation
from schema.hold_results import CaptureHoldResult, PlaceHoldResult, ReleaseHoldResult
from schema.holds import CaptureHoldInput, PlaceHoldInput, ReleaseHoldInput
from schema.scalars import DateTime

AccountId = Annotated[strawberry.ID, strawberry.argument(description="The account's id.")]
_AT = "An instant that has passed, of which nothing counts that was recorded at it; the present if left out."
At = Annotated[DateTime | None, strawberry.argument(description=_AT)]


async def place_hold(info: Info, idempotency_key: Key, input: Input[PlaceHoldInput]) -> PlaceHoldResult | None:
    return await perform(info, idempotency_key, PlaceHold, inputs.place_hold, input)


async def capture_hold(info: Info, idempotency_key: Key, input: Input[CaptureHoldInput]) -> CaptureHoldResult | None:
    return await perform(info, idempotency_key, CaptureHold, inputs.capture_hold, input)


async def release_hold(info: Info, idempotency_key: Key, input: Input[ReleaseHoldInput]) -> ReleaseHoldResult | None:
    return await perform(info, idempotency_key, ReleaseHold, inputs.release_hold, input)


async def explain_balance(info: Info, account_id: AccountId, at: At = None) -> BalanceExplanation | None:
    reader = info.context.reader
    asked = None if at is None else past_instant(at, reader.present())
    explained = reader.balance_explanation(account_id, asked)
    return None if explained is None else BalanceExplanation.of(explained)
