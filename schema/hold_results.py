"""The answers of mutations on holds: the part of schema/results.py that is about them."""

from __future__ import annotations

from typing import Annotated

import strawberry

from schema.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotFound,
    CurrencyMismatch,
    HoldNotFound,
    HoldNotOpen,
    IdempotencyKeyAbandoned,
    IdempotencyKeyReused,
    InsufficientFunds,
    InvalidAmount,
    InvalidInput,
    LimitExceeded,
    Overloaded,
    PreconditionFailed,
    SameAccount,
    Unavailable,
)
from schema.successes import CaptureHoldSuccess, PlaceHoldSuccess, ReleaseHoldSuccess

PlaceHoldResult = Annotated[
    PlaceHoldSuccess
    | InvalidInput
    | InvalidAmount
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | AccountClosed
    | AccountFrozen
    | CurrencyMismatch
    | PreconditionFailed
    | InsufficientFunds
    | Overloaded
    | Unavailable,
    strawberry.union("PlaceHoldResult", description="What placeHold answers."),
]
CaptureHoldResult = Annotated[
    CaptureHoldSuccess
    | InvalidInput
    | InvalidAmount
    | SameAccount
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | HoldNotFound
    | AccountNotFound
    | AccountClosed
    | AccountFrozen
    | HoldNotOpen
    | CurrencyMismatch
    | LimitExceeded
    | Overloaded
    | Unavailable,
    strawberry.union("CaptureHoldResult", description="What captureHold answers."),
]
ReleaseHoldResult = Annotated[
    ReleaseHoldSuccess
    | InvalidInput
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | HoldNotFound
    | HoldNotOpen
    | Overloaded
    | Unavailable,
    strawberry.union("ReleaseHoldResult", description="What releaseHold answers."),
]
