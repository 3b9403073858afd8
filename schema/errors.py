"""The error types of the API: one for each refusal of the domain, with the same name and the same fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from schema.enums import ErrorCode, FreezeScope, HoldState, Retry, Role
from schema.money import Money
from schema.scalars import CurrencyCode, DateTime, Decimal, Int64

if TYPE_CHECKING:
    from schema.batch_results import BatchItemResult

_BatchItemResult = Annotated["BatchItemResult", strawberry.lazy("schema.batch_results")]


@strawberry.interface(description="What every error tells, so that a client can handle also those it does not know.")
class UserError:
    code: ErrorCode = strawberry.field(description="The machine-readable name of the error.")
    message: str = strawberry.field(description="One fixed sentence, for people. It never echoes the input.")
    path: list[str] | None = strawberry.field(
        description='Where in the arguments the fault lies, such as ["input", "accountId"]; null if nowhere.'
    )
    retry: Retry = strawberry.field(description="Whether to send it again, and under which key.")
    replayed: bool = strawberry.field(description="Whether this is the stored answer to an earlier request.")
    decided_at: DateTime = strawberry.field(description="When it was decided; for a replay, the first time.")


@strawberry.type(description="A field breaks a rule of its own. Leaves the idempotency key unused.")
class InvalidInput(UserError):
    """A field breaks a rule of its own."""


@strawberry.type(description="The amount cannot be moved by anyone. Leaves the idempotency key unused.")
class InvalidAmount(UserError):
    decimals: int | None = strawberry.field(description="How many decimals the currency has.")
    max: Decimal | None = strawberry.field(description="The largest amount, in major units of that currency.")


@strawberry.type(description="Both accounts are the same. Leaves the idempotency key unused.")
class SameAccount(UserError):
    """Both accounts are the same."""


@strawberry.type(description="The role suffices for the operation in general, but not for this case of it.")
class NotPermitted(UserError):
    required_roles: list[Role] = strawberry.field(description="The roles that would suffice.")


@strawberry.type(description="No enabled ADMIN with a usable key would be left.")
class LastAdmin(UserError):
    """No enabled ADMIN would be left."""


@strawberry.type(description="The key was used before, for a request with other input.")
class IdempotencyKeyReused(UserError):
    first_decided_at: DateTime = strawberry.field(description="When the other request was decided.")
    differing_fields: list[str] = strawberry.field(description="The input fields in which the two differ.")


@strawberry.type(description="The key was abandoned before any mutation used it; none ever can.")
class IdempotencyKeyAbandoned(UserError):
    """The key was abandoned."""


@strawberry.type(description="No customer account has this id.")
class AccountNotFound(UserError):
    account_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="No transaction has this id.")
class TransactionNotFound(UserError):
    transaction_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="No hold has this id.")
class HoldNotFound(UserError):
    hold_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="The account has no live freeze of this id.")
class FreezeNotFound(UserError):
    freeze_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="No API client that can be administered has this id.")
class ApiClientNotFound(UserError):
    api_client_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="No API key has this id, or it is revoked already.")
class ApiKeyNotFound(UserError):
    api_key_id: strawberry.ID = strawberry.field(description="The id that was asked for.")


@strawberry.type(description="Another account has this reference.")
class ReferenceTaken(UserError):
    """Another account has this reference."""


@strawberry.type(description="Another API client has this name.")
class NameTaken(UserError):
    """Another API client has this name."""


@strawberry.type(description="The account is closed, for ever.")
class AccountClosed(UserError):
    account_id: strawberry.ID = strawberry.field(description="The account.")
    closed_at: DateTime = strawberry.field(description="When it was closed.")


@strawberry.type(description="A live freeze forbids this.")
class AccountFrozen(UserError):
    account_id: strawberry.ID = strawberry.field(description="The account.")
    scope: FreezeScope = strawberry.field(description="What the live freezes stop, added up.")
    until: DateTime | None = strawberry.field(description="When the last of them expires; null if one never does.")


@strawberry.type(description="There is no live freeze to release.")
class AccountNotFrozen(UserError):
    account_id: strawberry.ID = strawberry.field(description="The account.")


@strawberry.type(description="Several freezes are live: name the one to release.")
class AmbiguousFreeze(UserError):
    freeze_ids: list[strawberry.ID] = strawberry.field(description="The live freezes, oldest first.")


@strawberry.type(description="Only an empty account closes.")
class AccountNotEmpty(UserError):
    posted: Money = strawberry.field(description="What is still posted.")
    held: Money = strawberry.field(description="What is still held.")
    open_hold_ids: list[strawberry.ID] = strawberry.field(
        description="The holds that are still open, by id: oldest first, at most 100."
    )


@strawberry.type(description="The hold has ended already.")
class HoldNotOpen(UserError):
    hold_id: strawberry.ID = strawberry.field(description="The hold.")
    state: HoldState = strawberry.field(description="How it ended.")


@strawberry.type(
    description="The transaction is a REVERSAL or a SWEEP, or less of it is left to take back than is asked for."
)
class NotReversible(UserError):
    transaction_id: strawberry.ID = strawberry.field(description="The transaction.")
    reversible: Money = strawberry.field(description="How much of it can still be taken back.")


@strawberry.type(description="The API client is disabled.")
class ApiClientDisabled(UserError):
    api_client_id: strawberry.ID = strawberry.field(description="The API client.")


@strawberry.type(description="The API client has as many usable keys as it may have.")
class ApiKeyLimit(UserError):
    maximum: int = strawberry.field(description="How many it may have.")


@strawberry.type(description="The account holds another currency.")
class CurrencyMismatch(UserError):
    expected: CurrencyCode = strawberry.field(description="The account's currency.")


@strawberry.type(description="The account is not as expectedVersion or minAvailableAfter required.")
class PreconditionFailed(UserError):
    version: Int64 = strawberry.field(description="The version the account has.")
    available: Money = strawberry.field(description="What is available on the account.")


@strawberry.type(description="A balance would exceed what the books can hold.")
class LimitExceeded(UserError):
    limit: Money = strawberry.field(description="The farthest from zero that a balance may be.")


@strawberry.type(description="Less is available than is asked for.")
class InsufficientFunds(UserError):
    available: Money = strawberry.field(description="What is available on the account.")
    shortfall: Money = strawberry.field(description="How much more would have to be available.")


@strawberry.type(
    description="An item refused an ATOMIC batch, so nothing of it was done. The key of the batch is used up, those of "
    "its items are not. Whether to try again is told by retry, which is the cause's."
)
class BatchRefused(UserError):
    index: int = strawberry.field(description="Which item it was, counted from 0.")
    cause: _BatchItemResult = strawberry.field(description="Why: one of the errors, never a success.")


@strawberry.type(description="Too many writes are waiting; nothing was decided. Send the same key again.")
class Overloaded(UserError):
    retry_after_ms: int = strawberry.field(description="How long to wait before sending it again, in milliseconds.")


@strawberry.type(description="The outcome is not known to be durable. Send the same key again: that is always safe.")
class Unavailable(UserError):
    """The outcome is unknown."""
