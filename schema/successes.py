"""The successes of mutations: what was done, from memory, so that nothing can fail once money has moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.access import ApiClient, ApiKey
from schema.accounts import Account, Freeze
from schema.audit import IdempotencyRecord
from schema.holds import Hold
from schema.scalars import DateTime
from schema.transactions import Transaction

if TYPE_CHECKING:
    from schema.batch_results import BatchItemResult

_BatchItemResult = Annotated["BatchItemResult", strawberry.lazy("schema.batch_results")]

_ACCOUNT = "The account as decided, on a replay too."
_TRANSACTION = "The movement."
_API_CLIENT = "The API client as decided, on a replay too."


@strawberry.type
class Success:
    """What every success tells."""

    replayed: bool = strawberry.field(description="Whether this is the stored answer to an earlier request.")
    decided_at: DateTime = strawberry.field(description="When it was decided; for a replay, the first time.")


@strawberry.type(description="The account is open.")
class OpenAccountSuccess(Success):
    account: Account = strawberry.field(description=_ACCOUNT)


@strawberry.type(description="The account has its new name.")
class RenameAccountSuccess(Success):
    account: Account = strawberry.field(description=_ACCOUNT)


@strawberry.type(description="The account has its new overdraft limit.")
class SetOverdraftLimitSuccess(Success):
    account: Account = strawberry.field(description=_ACCOUNT)


@strawberry.type(description="The money is on the account.")
class DepositSuccess(Success):
    transaction: Transaction = strawberry.field(description=_TRANSACTION)
    account: Account = strawberry.field(description=_ACCOUNT)


@strawberry.type(description="The money has left the account.")
class WithdrawSuccess(Success):
    transaction: Transaction = strawberry.field(description=_TRANSACTION)
    account: Account = strawberry.field(description=_ACCOUNT)


@strawberry.type(description="The money is on the other account.")
class TransferSuccess(Success):
    transaction: Transaction = strawberry.field(description=_TRANSACTION)
    from_account: Account = strawberry.field(description="The debited account as decided, on a replay too.")
    to_account: Account = strawberry.field(description="The credited account as decided, on a replay too.")


@strawberry.type(description="The money is back where it came from.")
class ReverseTransactionSuccess(Success):
    transaction: Transaction = strawberry.field(description="The reversal.")
    original: Transaction = strawberry.field(description="What it takes back.")


@strawberry.type(description="Each item was decided; their results say how.")
class ExecuteBatchSuccess(Success):
    results: list[_BatchItemResult] = strawberry.field(
        description="What became of each item, in the order of the items. An item decided before, alone or in another "
        "batch, is told as it was decided then."
    )
    succeeded: int = strawberry.field(description="How many items succeeded; all of them in an ATOMIC batch.")
    refused: int = strawberry.field(description="How many items were refused.")


@strawberry.type(description="The freeze is live.")
class FreezeAccountSuccess(Success):
    freeze: Freeze = strawberry.field(description="The freeze as placed.")
    account: Account = strawberry.field(description=_ACCOUNT)


@strawberry.type(description="The freeze is released. The account stays FROZEN while another one is live.")
class UnfreezeAccountSuccess(Success):
    freeze: Freeze = strawberry.field(description="The freeze as released.")
    account: Account = strawberry.field(description=_ACCOUNT)


@strawberry.type(description="The account is closed, for ever.")
class CloseAccountSuccess(Success):
    account: Account = strawberry.field(description=_ACCOUNT)
    sweep: Transaction | None = strawberry.field(
        description="The movement of what was left on it; null if nothing was."
    )


@strawberry.type(description="The API client exists. It needs a key to act.")
class CreateApiClientSuccess(Success):
    api_client: ApiClient = strawberry.field(description=_API_CLIENT)


@strawberry.type(description="The API client has its new role.")
class ChangeApiClientRoleSuccess(Success):
    api_client: ApiClient = strawberry.field(description=_API_CLIENT)


@strawberry.type(description="The API client may no longer act.")
class DisableApiClientSuccess(Success):
    api_client: ApiClient = strawberry.field(description=_API_CLIENT)


@strawberry.type(description="The API client may act.")
class EnableApiClientSuccess(Success):
    api_client: ApiClient = strawberry.field(description=_API_CLIENT)


@strawberry.type(description="The key is usable.")
class IssueApiKeySuccess(Success):
    api_key: ApiKey = strawberry.field(description="The key as issued.")
    secret: str | None = strawberry.field(
        description="What the client sends to authenticate. In the first answer only: it is stored nowhere, and null "
        "on a replay. If that answer is lost, revoke the key and issue another."
    )


@strawberry.type(description="The key is worthless: it moves nothing that is answered after this.")
class RevokeApiKeySuccess(Success):
    api_key: ApiKey = strawberry.field(description="The key as revoked.")


@strawberry.type(description="The fate of the key is known, and final.")
class AbandonIdempotencyKeySuccess(Success):
    record: IdempotencyRecord = strawberry.field(description="What became of the key.")


@strawberry.type(description="The money is set aside.")
class PlaceHoldSuccess(Success):
    hold: Hold = strawberry.field(description="The hold as placed.")
    account: Account = strawberry.field(description=_ACCOUNT)


@strawberry.type(description="The money has moved, and what is left of the hold is available again.")
class CaptureHoldSuccess(Success):
    hold: Hold = strawberry.field(description="The hold as captured.")
    transaction: Transaction = strawberry.field(description=_TRANSACTION)
    account: Account = strawberry.field(description="The hold's account as decided, on a replay too.")


@strawberry.type(description="The money is available again.")
class ReleaseHoldSuccess(Success):
    hold: Hold = strawberry.field(description="The hold as released.")
    account: Account = strawberry.field(description=_ACCOUNT)
