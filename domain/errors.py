"""Every way an operation can be refused: closed, typed, and in order of precedence.

    DomainError
    ├── InputError              seen before the books are read; leaves the idempotency key unused
    │   └── InvalidInput, InvalidAmount, SameAccount
    ├── Refusal                 decided from the books; kept under the key and replayed
    │   └── NotPermitted … InsufficientFunds
    ├── Forbidden               the caller may not do this at all; recorded as DENIED
    └── Overloaded, Unavailable nothing was decided; the same key may be sent again

Messages are fixed sentences: they never echo what the caller sent. Data a program needs is in the fields.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

from domain.access import Operation, Role
from domain.error_codes import ErrorCode, Retry
from domain.freezes import FreezeScope
from domain.holds import HoldState
from domain.instants import Instant
from domain.money import Money
from domain.records import UNWRITTEN, from_plain, to_plain, told_by

InputPath = tuple[str, ...]
"""Where in the operation's arguments the fault lies, such as ("input", "amount")."""


@dataclass(unsafe_hash=True)
class DomainError(Exception):
    """Base of all expected failures. Carries data, not prose."""

    code: ClassVar[ErrorCode]
    message: ClassVar[str]
    retry: ClassVar[Retry] = Retry.NEVER

    path: InputPath = field(default=(), kw_only=True)

    @property
    def advice(self) -> Retry:
        """Return what to do after this very error; for nearly all, what to do after any of its kind."""
        return self.retry

    def __str__(self) -> str:
        return self.message


class InputError(DomainError):
    """The request can never be right, whatever the books say."""


class Refusal(DomainError):
    """The books say no. Kept under the idempotency key, so that a retry gets the same answer."""


@dataclass(unsafe_hash=True)
class InvalidInput(InputError):
    """A field breaks a rule of its own. `rule` states the rule, as a fixed sentence."""

    code = ErrorCode.INVALID_INPUT
    message = "The input is invalid."

    rule: str = message

    def __str__(self) -> str:
        return self.rule


@dataclass(unsafe_hash=True)
class InvalidAmount(InputError):
    """An amount that can never be right: out of bounds, or too precise.

    `decimals` is how many the currency has; `max` is the largest amount there.
    """

    code = ErrorCode.INVALID_AMOUNT
    message = "The amount is out of bounds, or has more decimals than its currency."

    decimals: int | None = None
    max: Money | None = None


class SameAccount(InputError):
    """Money cannot move from an account to itself."""

    code = ErrorCode.SAME_ACCOUNT
    message = "Both accounts are the same."


class Forbidden(DomainError):
    """The caller is unknown by now, disabled, revoked, or its role is too low. Recorded as a denial."""

    code = ErrorCode.FORBIDDEN
    message = "This API client may not do that."


@dataclass(unsafe_hash=True)
class NotPermitted(Refusal):
    """The role suffices for the operation in general, but not for this case of it."""

    code = ErrorCode.NOT_PERMITTED
    message = "This case needs a higher role."

    required_roles: tuple[Role, ...]


class LastAdmin(Refusal):
    """Nobody would be left who can administer."""

    code = ErrorCode.LAST_ADMIN
    message = "This would leave no enabled ADMIN with a usable key."
    retry = Retry.NEW_KEY


@dataclass(unsafe_hash=True)
class IdempotencyKeyReused(Refusal):
    """The key already stands for another request, decided at `first_decided_at`."""

    code = ErrorCode.IDEMPOTENCY_KEY_REUSED
    message = "The idempotency key was used for a different input."

    first_decided_at: Instant
    differing_fields: tuple[str, ...]


class IdempotencyKeyAbandoned(Refusal):
    """The caller has given this key up before it was seen."""

    code = ErrorCode.IDEMPOTENCY_KEY_ABANDONED
    message = "The idempotency key was abandoned: it can never execute."


@dataclass(unsafe_hash=True)
class AccountNotFound(Refusal):
    """No customer account has this id."""

    code = ErrorCode.ACCOUNT_NOT_FOUND
    message = "There is no such account."

    account_id: str


@dataclass(unsafe_hash=True)
class TransactionNotFound(Refusal):
    """No transaction has this id."""

    code = ErrorCode.TRANSACTION_NOT_FOUND
    message = "There is no such transaction."

    transaction_id: str


@dataclass(unsafe_hash=True)
class HoldNotFound(Refusal):
    """There is no hold of this id."""

    code = ErrorCode.HOLD_NOT_FOUND
    message = "There is no such hold."

    hold_id: str


@dataclass(unsafe_hash=True)
class FreezeNotFound(Refusal):
    """The account has no live freeze of this id."""

    code = ErrorCode.FREEZE_NOT_FOUND
    message = "The account has no such live freeze."

    freeze_id: str


@dataclass(unsafe_hash=True)
class ApiClientNotFound(Refusal):
    """No API client that can be administered has this id."""

    code = ErrorCode.API_CLIENT_NOT_FOUND
    message = "There is no such API client."

    api_client_id: str


@dataclass(unsafe_hash=True)
class ApiKeyNotFound(Refusal):
    """No usable API key has this id."""

    code = ErrorCode.API_KEY_NOT_FOUND
    message = "There is no such API key, or it is revoked already."

    api_key_id: str


class ReferenceTaken(Refusal):
    """Another account has this reference."""

    code = ErrorCode.REFERENCE_TAKEN
    message = "Another account has this reference."


class NameTaken(Refusal):
    """Another API client has this name."""

    code = ErrorCode.NAME_TAKEN
    message = "Another API client has this name."


@dataclass(unsafe_hash=True)
class AccountClosed(Refusal):
    """The account is closed, for ever."""

    code = ErrorCode.ACCOUNT_CLOSED
    message = "The account is closed."

    account_id: str
    closed_at: Instant


@dataclass(unsafe_hash=True)
class AccountFrozen(Refusal):
    """A live freeze forbids the deed. `until` is when the last such freeze expires, if all of them do."""

    code = ErrorCode.ACCOUNT_FROZEN
    message = "The account is frozen for this."
    retry = Retry.NEW_KEY

    account_id: str
    scope: FreezeScope
    until: Instant | None


@dataclass(unsafe_hash=True)
class AccountNotFrozen(Refusal):
    """There is nothing to release."""

    code = ErrorCode.ACCOUNT_NOT_FROZEN
    message = "The account is not frozen."
    retry = Retry.NEW_KEY

    account_id: str


@dataclass(unsafe_hash=True)
class AmbiguousFreeze(Refusal):
    """Several freezes are live; the caller must say which."""

    code = ErrorCode.AMBIGUOUS_FREEZE
    message = "Several freezes are live: say which one."

    freeze_ids: tuple[str, ...]


@dataclass(unsafe_hash=True)
class AccountNotEmpty(Refusal):
    """Only an empty account closes."""

    code = ErrorCode.ACCOUNT_NOT_EMPTY
    message = "The account is not empty."
    retry = Retry.NEW_KEY

    posted: Money
    held: Money
    open_hold_ids: tuple[str, ...] = ()


@dataclass(unsafe_hash=True)
class HoldNotOpen(Refusal):
    """The hold has ended; `state` says how."""

    code = ErrorCode.HOLD_NOT_OPEN
    message = "The hold is no longer open."

    hold_id: str
    state: HoldState


@dataclass(unsafe_hash=True)
class NotReversible(Refusal):
    """The transaction cannot be taken back, or no more of it than `reversible`."""

    code = ErrorCode.NOT_REVERSIBLE
    message = "The transaction cannot be taken back, or not so much of it."

    transaction_id: str
    reversible: Money


@dataclass(unsafe_hash=True)
class ApiClientDisabled(Refusal):
    """A disabled client gets no keys."""

    code = ErrorCode.API_CLIENT_DISABLED
    message = "The API client is disabled."
    retry = Retry.NEW_KEY

    api_client_id: str


@dataclass(unsafe_hash=True)
class ApiKeyLimit(Refusal):
    """The client holds as many usable keys as it may."""

    code = ErrorCode.API_KEY_LIMIT
    message = "The API client has as many usable keys as it may have."
    retry = Retry.NEW_KEY

    maximum: int


@dataclass(unsafe_hash=True)
class CurrencyMismatch(Refusal):
    """An account holds one currency only."""

    code = ErrorCode.CURRENCY_MISMATCH
    message = "The account holds another currency."

    expected: str


@dataclass(unsafe_hash=True)
class PreconditionFailed(Refusal):
    """The account is not as the caller required; here is how it is."""

    code = ErrorCode.PRECONDITION_FAILED
    message = "The account is not in the state that the request required."
    retry = Retry.NEW_KEY

    version: int
    available: Money


@dataclass(unsafe_hash=True)
class LimitExceeded(Refusal):
    """A balance would leave what the books can hold."""

    code = ErrorCode.LIMIT_EXCEEDED
    message = "The balance would exceed its limit."
    retry = Retry.NEW_KEY

    limit: Money


@dataclass(unsafe_hash=True)
class InsufficientFunds(Refusal):
    """Less is available than is asked for."""

    code = ErrorCode.INSUFFICIENT_FUNDS
    message = "The available balance is too low."
    retry = Retry.NEW_KEY

    available: Money
    shortfall: Money


def _written(result: object) -> dict[str, Any] | None:
    """Write an error with its code; a success is not written."""
    return {**to_plain(result), "code": result.code.value} if isinstance(result, DomainError) else None


def _read(plain: dict[str, Any]) -> DomainError:
    """Read an error by its code."""
    (kind,) = (kind for kind in _below(DomainError) if vars(kind).get("code") == plain["code"])
    error: DomainError = from_plain(kind, plain)
    return error


def _below(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


@dataclass(frozen=True, slots=True)
class ItemOutcome:
    """What became of one item of a batch.

    Only an error is written out. A success has an audit record of its own, to be found under the item's key.
    """

    operation: Operation
    idempotency_key: str
    decided_at: Instant
    result: Any = field(default=None, metadata=told_by(_written, _read))
    replayed: bool = field(default=True, metadata=UNWRITTEN)


@dataclass(unsafe_hash=True)
class BatchRefused(Refusal):
    """One item refused a batch that is all or nothing. Whether to try again is for the cause to say."""

    code = ErrorCode.BATCH_REFUSED
    message = "An item refused the batch, so nothing of it was done."
    retry = Retry.NEW_KEY

    index: int
    cause: ItemOutcome

    @property
    def advice(self) -> Retry:
        """Return what to do: as the cause advises."""
        advice: Retry = self.cause.result.advice
        return advice


@dataclass(unsafe_hash=True)
class Overloaded(DomainError):
    """Too many writes are waiting. Nothing was decided."""

    code = ErrorCode.OVERLOADED
    message = "Too many requests are waiting."
    retry = Retry.SAME_KEY

    retry_after_ms: int


class Unavailable(DomainError):
    """The outcome could not be made durable in time. The same key finds out, or tries again."""

    code = ErrorCode.UNAVAILABLE
    message = "The outcome is not known to be durable. Send the same key again."
    retry = Retry.SAME_KEY
