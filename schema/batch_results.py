"""The answers of batches and of previews: those of movements, many at once or beforehand."""

from __future__ import annotations

from typing import Annotated

import strawberry

from schema.batches import MovementPreview
from schema.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotFound,
    BatchRefused,
    CurrencyMismatch,
    IdempotencyKeyAbandoned,
    IdempotencyKeyReused,
    InsufficientFunds,
    InvalidAmount,
    InvalidInput,
    LimitExceeded,
    NotPermitted,
    Overloaded,
    PreconditionFailed,
    SameAccount,
    Unavailable,
)
from schema.successes import DepositSuccess, ExecuteBatchSuccess, TransferSuccess, WithdrawSuccess

BatchItemResult = Annotated[
    DepositSuccess
    | WithdrawSuccess
    | TransferSuccess
    | AccountNotFound
    | AccountFrozen
    | AccountClosed
    | CurrencyMismatch
    | InvalidAmount
    | InvalidInput
    | SameAccount
    | NotPermitted
    | PreconditionFailed
    | LimitExceeded
    | InsufficientFunds
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned,
    strawberry.union("BatchItemResult", description="What became of one item of a batch."),
]
ExecuteBatchResult = Annotated[
    ExecuteBatchSuccess
    | InvalidInput
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | BatchRefused
    | Overloaded
    | Unavailable,
    strawberry.union("ExecuteBatchResult", description="What executeBatch answers."),
]
PreviewResult = Annotated[
    MovementPreview
    | AccountNotFound
    | AccountFrozen
    | AccountClosed
    | CurrencyMismatch
    | InvalidAmount
    | InvalidInput
    | SameAccount
    | PreconditionFailed
    | LimitExceeded
    | InsufficientFunds,
    strawberry.union("PreviewResult", description="What a movement would come to, or which error would refuse it."),
]
