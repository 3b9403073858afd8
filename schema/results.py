"""The answers of mutations: for each, one success and the errors it may meet, complete from the start.

A member added later would break generated clients, so a union also holds what only a coming capability will answer.
"""

from __future__ import annotations

from typing import Annotated

import strawberry

from schema.errors import (
    AccountClosed,
    AccountFrozen,
    AccountNotEmpty,
    AccountNotFound,
    AccountNotFrozen,
    AmbiguousFreeze,
    ApiClientDisabled,
    ApiClientNotFound,
    ApiKeyLimit,
    ApiKeyNotFound,
    CurrencyMismatch,
    FreezeNotFound,
    IdempotencyKeyAbandoned,
    IdempotencyKeyReused,
    InsufficientFunds,
    InvalidAmount,
    InvalidInput,
    LastAdmin,
    LimitExceeded,
    NameTaken,
    NotPermitted,
    NotReversible,
    Overloaded,
    PreconditionFailed,
    ReferenceTaken,
    SameAccount,
    TransactionNotFound,
    Unavailable,
)
from schema.successes import (
    AbandonIdempotencyKeySuccess,
    ChangeApiClientRoleSuccess,
    CloseAccountSuccess,
    CreateApiClientSuccess,
    DepositSuccess,
    DisableApiClientSuccess,
    EnableApiClientSuccess,
    FreezeAccountSuccess,
    IssueApiKeySuccess,
    OpenAccountSuccess,
    RenameAccountSuccess,
    ReverseTransactionSuccess,
    RevokeApiKeySuccess,
    SetOverdraftLimitSuccess,
    TransferSuccess,
    UnfreezeAccountSuccess,
    WithdrawSuccess,
)

OpenAccountResult = Annotated[
    OpenAccountSuccess
    | InvalidInput
    | InvalidAmount
    | NotPermitted
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | ReferenceTaken
    | Overloaded
    | Unavailable,
    strawberry.union("OpenAccountResult", description="What openAccount answers."),
]
RenameAccountResult = Annotated[
    RenameAccountSuccess
    | InvalidInput
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | AccountClosed
    | Overloaded
    | Unavailable,
    strawberry.union("RenameAccountResult", description="What renameAccount answers."),
]
DepositResult = Annotated[
    DepositSuccess
    | InvalidInput
    | InvalidAmount
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | AccountClosed
    | AccountFrozen
    | CurrencyMismatch
    | PreconditionFailed
    | LimitExceeded
    | Overloaded
    | Unavailable,
    strawberry.union("DepositResult", description="What deposit answers."),
]
WithdrawResult = Annotated[
    WithdrawSuccess
    | InvalidInput
    | InvalidAmount
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | AccountClosed
    | AccountFrozen
    | CurrencyMismatch
    | PreconditionFailed
    | LimitExceeded
    | InsufficientFunds
    | Overloaded
    | Unavailable,
    strawberry.union("WithdrawResult", description="What withdraw answers."),
]
TransferResult = Annotated[
    TransferSuccess
    | InvalidInput
    | InvalidAmount
    | SameAccount
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | AccountClosed
    | AccountFrozen
    | CurrencyMismatch
    | PreconditionFailed
    | LimitExceeded
    | InsufficientFunds
    | Overloaded
    | Unavailable,
    strawberry.union("TransferResult", description="What transfer answers."),
]
FreezeAccountResult = Annotated[
    FreezeAccountSuccess
    | InvalidInput
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | AccountClosed
    | Overloaded
    | Unavailable,
    strawberry.union("FreezeAccountResult", description="What freezeAccount answers."),
]
UnfreezeAccountResult = Annotated[
    UnfreezeAccountSuccess
    | InvalidInput
    | NotPermitted
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | FreezeNotFound
    | AccountClosed
    | AccountNotFrozen
    | AmbiguousFreeze
    | Overloaded
    | Unavailable,
    strawberry.union("UnfreezeAccountResult", description="What unfreezeAccount answers."),
]
CloseAccountResult = Annotated[
    CloseAccountSuccess
    | InvalidInput
    | SameAccount
    | NotPermitted
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | AccountClosed
    | AccountFrozen
    | AccountNotEmpty
    | CurrencyMismatch
    | LimitExceeded
    | Overloaded
    | Unavailable,
    strawberry.union("CloseAccountResult", description="What closeAccount answers."),
]
CreateApiClientResult = Annotated[
    CreateApiClientSuccess
    | InvalidInput
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | NameTaken
    | Overloaded
    | Unavailable,
    strawberry.union("CreateApiClientResult", description="What createApiClient answers."),
]
ChangeApiClientRoleResult = Annotated[
    ChangeApiClientRoleSuccess
    | InvalidInput
    | LastAdmin
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | ApiClientNotFound
    | Overloaded
    | Unavailable,
    strawberry.union("ChangeApiClientRoleResult", description="What changeApiClientRole answers."),
]
DisableApiClientResult = Annotated[
    DisableApiClientSuccess
    | InvalidInput
    | LastAdmin
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | ApiClientNotFound
    | Overloaded
    | Unavailable,
    strawberry.union("DisableApiClientResult", description="What disableApiClient answers."),
]
EnableApiClientResult = Annotated[
    EnableApiClientSuccess
    | InvalidInput
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | ApiClientNotFound
    | Overloaded
    | Unavailable,
    strawberry.union("EnableApiClientResult", description="What enableApiClient answers."),
]
IssueApiKeyResult = Annotated[
    IssueApiKeySuccess
    | InvalidInput
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | ApiClientNotFound
    | ApiClientDisabled
    | ApiKeyLimit
    | Overloaded
    | Unavailable,
    strawberry.union("IssueApiKeyResult", description="What issueApiKey answers."),
]
RevokeApiKeyResult = Annotated[
    RevokeApiKeySuccess
    | InvalidInput
    | LastAdmin
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | ApiKeyNotFound
    | Overloaded
    | Unavailable,
    strawberry.union("RevokeApiKeyResult", description="What revokeApiKey answers."),
]
AbandonIdempotencyKeyResult = Annotated[
    AbandonIdempotencyKeySuccess | InvalidInput | IdempotencyKeyReused | Overloaded | Unavailable,
    strawberry.union("AbandonIdempotencyKeyResult", description="What abandonIdempotencyKey answers."),
]
SetOverdraftLimitResult = Annotated[
    SetOverdraftLimitSuccess
    | InvalidInput
    | InvalidAmount
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | AccountNotFound
    | AccountClosed
    | CurrencyMismatch
    | InsufficientFunds
    | Overloaded
    | Unavailable,
    strawberry.union("SetOverdraftLimitResult", description="What setOverdraftLimit answers."),
]
ReverseTransactionResult = Annotated[
    ReverseTransactionSuccess
    | InvalidInput
    | InvalidAmount
    | IdempotencyKeyReused
    | IdempotencyKeyAbandoned
    | TransactionNotFound
    | AccountClosed
    | AccountFrozen
    | NotReversible
    | CurrencyMismatch
    | LimitExceeded
    | InsufficientFunds
    | Overloaded
    | Unavailable,
    strawberry.union("ReverseTransactionResult", description="What reverseTransaction answers."),
]
