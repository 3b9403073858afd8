"""The enums of the API: those of the domain, with what each value means to a caller."""

from __future__ import annotations

from enum import StrEnum

import strawberry

from domain.access import Operation, Role
from domain.accounts import AccountState
from domain.audit import AuditOutcome
from domain.error_codes import ErrorCode, Retry
from domain.freezes import FreezeReason, FreezeScope
from domain.holds import HoldState
from domain.idempotency import IdempotencyOutcome
from domain.services.batches import BatchMode
from domain.transactions import TransactionKind

DESCRIPTIONS: dict[type[StrEnum], tuple[str, dict[str, str]]] = {
    Role: (
        "What an API client is trusted with.",
        {
            "VIEWER": "Reads accounts, transactions, holds, freezes, previews, and its own idempotency records.",
            "AUDITOR": "VIEWER, and reads the audit log, API clients and anyone's idempotency records.",
            "TELLER": "VIEWER, and opens accounts without overdraft, renames them, deposits, abandons its own keys.",
            "MANAGER": "TELLER, and withdraws, transfers, executes batches, holds, reverses, grants overdrafts, "
            "freezes, unfreezes, closes ACTIVE accounts.",
            "ADMIN": "Everything; alone closes FROZEN accounts, releases COMPLIANCE freezes, manages API clients.",
        },
    ),
    AccountState: (
        "Where an account stands. ACTIVE and FROZEN lead to each other and to CLOSED; CLOSED is terminal.",
        {
            "ACTIVE": "Money moves in and out.",
            "FROZEN": "At least one freeze is live; its scope says what it stops.",
            "CLOSED": "Empty for ever; it can only be read.",
        },
    ),
    FreezeScope: (
        "What a freeze stops. The scopes of several live freezes add up.",
        {"DEBITS": "Money leaving the account.", "ALL": "Money leaving or reaching the account."},
    ),
    FreezeReason: (
        "Why an account was frozen.",
        {
            "CUSTOMER_REQUEST": "The account's holder asked for it.",
            "SUSPECTED_FRAUD": "Something looked wrong.",
            "COMPLIANCE": "The law or a regulator demands it; only ADMIN releases it.",
            "OPERATIONS": "Any other reason of the operator.",
        },
    ),
    TransactionKind: (
        "Why money moved.",
        {
            "DEPOSIT": "It came in from outside.",
            "WITHDRAWAL": "It was paid out.",
            "TRANSFER": "It went from one account to another.",
            "CAPTURE": "A hold was made good.",
            "REVERSAL": "An earlier transaction was taken back, whole or in part.",
            "SWEEP": "The remainder of an account that closed.",
        },
    ),
    HoldState: (
        "Where a hold stands. OPEN leads to each of the others; nothing leaves those.",
        {
            "OPEN": "It sets money aside.",
            "CAPTURED": "Some or all of it was moved; the rest is available again.",
            "RELEASED": "It was given up.",
            "EXPIRED": "It ran out.",
        },
    ),
    BatchMode: (
        "What the refusal of one item of a batch means for the others.",
        {
            "ATOMIC": "All or nothing: the first refusal refuses the batch, and nothing of it is kept but that.",
            "INDEPENDENT": "Each for itself: every item is decided as if it were sent alone, after those before it.",
        },
    ),
    AuditOutcome: (
        "How a deed ended.",
        {
            "SUCCEEDED": "It was done.",
            "REFUSED": "It was understood and refused; errorCode says why.",
            "DENIED": "The caller was not allowed to ask for it.",
        },
    ),
    IdempotencyOutcome: (
        "What became of an idempotency key.",
        {
            "SUCCEEDED": "The mutation was done.",
            "REFUSED": "The mutation was refused, and a retry gets the same refusal.",
            "ABANDONED": "The key was given up before any mutation used it; none ever can.",
        },
    ),
    Retry: (
        "What to do after an error.",
        {
            "SAME_KEY": "Nothing is known to be decided: send the same request with the same key again.",
            "NEW_KEY": "Decided, but time may cure it: try again later with a new key.",
            "NEVER": "The same request will be refused again.",
        },
    ),
    Operation: (
        "Every deed that changes something; also the actions of the audit log.",
        {
            "OPEN_ACCOUNT": "Open an account.",
            "RENAME_ACCOUNT": "Change the name of an account.",
            "SET_OVERDRAFT_LIMIT": "Change how far an account may go below zero.",
            "FREEZE_ACCOUNT": "Place a freeze.",
            "UNFREEZE_ACCOUNT": "Release a freeze.",
            "CLOSE_ACCOUNT": "Close an account for ever.",
            "DEPOSIT": "Bring money in.",
            "WITHDRAW": "Pay money out.",
            "TRANSFER": "Move money between two accounts.",
            "REVERSE_TRANSACTION": "Take an earlier transaction back.",
            "PLACE_HOLD": "Set money aside.",
            "CAPTURE_HOLD": "Move money that was set aside.",
            "RELEASE_HOLD": "Give up a hold.",
            "EXECUTE_BATCH": "Carry out many movements in one request.",
            "CREATE_API_CLIENT": "Register a calling system.",
            "CHANGE_API_CLIENT_ROLE": "Trust an API client with more or less.",
            "DISABLE_API_CLIENT": "Stop an API client.",
            "ENABLE_API_CLIENT": "Let a disabled API client act again.",
            "ISSUE_API_KEY": "Give an API client another key.",
            "REVOKE_API_KEY": "Make a key worthless.",
            "ABANDON_IDEMPOTENCY_KEY": "Give up an idempotency key whose fate is unknown.",
            "EXPIRE_HOLD": "The system's own: a hold ran out.",
            "EXPIRE_FREEZE": "The system's own: a freeze ran out.",
            "ERASE_TEXT": "The system's own, from the command line: the words about an account were erased.",
            "ACCEPT_ROLLBACK": "The system's own, from the command line: the books go on from an earlier state.",
        },
    ),
    ErrorCode: (
        "The machine-readable name of every error, in order of precedence: where several apply, the first is told.",
        {
            "INVALID_INPUT": "A field breaks a rule of its own.",
            "INVALID_AMOUNT": "An amount is not positive, too large, or too precise for its currency.",
            "SAME_ACCOUNT": "Money cannot move from an account to itself.",
            "FORBIDDEN": "The API client may not do that at all.",
            "NOT_PERMITTED": "The role suffices in general, but not for this case.",
            "LAST_ADMIN": "No enabled ADMIN with a usable key would be left.",
            "IDEMPOTENCY_KEY_REUSED": "The key stands for another request.",
            "IDEMPOTENCY_KEY_ABANDONED": "The key was given up.",
            "ACCOUNT_NOT_FOUND": "No such account.",
            "TRANSACTION_NOT_FOUND": "No such transaction.",
            "HOLD_NOT_FOUND": "No such hold.",
            "FREEZE_NOT_FOUND": "No such live freeze on this account.",
            "API_CLIENT_NOT_FOUND": "No such API client.",
            "API_KEY_NOT_FOUND": "No such API key, or revoked already.",
            "REFERENCE_TAKEN": "Another account has this reference.",
            "NAME_TAKEN": "Another API client has this name.",
            "ACCOUNT_CLOSED": "The account is closed.",
            "ACCOUNT_FROZEN": "A live freeze forbids this.",
            "ACCOUNT_NOT_FROZEN": "There is no freeze to release.",
            "AMBIGUOUS_FREEZE": "Several freezes are live and none was named.",
            "ACCOUNT_NOT_EMPTY": "Only an empty account closes.",
            "HOLD_NOT_OPEN": "The hold is captured, released or expired.",
            "NOT_REVERSIBLE": "The transaction cannot be taken back, or not so much.",
            "API_CLIENT_DISABLED": "The API client is disabled.",
            "API_KEY_LIMIT": "The API client has as many keys as it may have.",
            "CURRENCY_MISMATCH": "The account holds another currency.",
            "PRECONDITION_FAILED": "The account is not as the request required.",
            "LIMIT_EXCEEDED": "A balance would exceed its limit.",
            "INSUFFICIENT_FUNDS": "Less is available than is asked for.",
            "BATCH_REFUSED": "An item refused a batch that is all or nothing.",
            "OVERLOADED": "Too many requests are waiting.",
            "UNAVAILABLE": "The outcome is not known to be durable.",
        },
    ),
}


def _describe(kind: type[StrEnum], description: str, values: dict[str, str]) -> None:
    """Register a domain enum with Strawberry; only there do values carry descriptions."""
    strawberry.enum(kind, description=description)
    for value in kind.__strawberry_definition__.values:  # type: ignore[attr-defined]
        value.description = values[value.name]


for _kind, (_description, _values) in DESCRIPTIONS.items():
    _describe(_kind, _description, _values)

__all__ = [
    "AccountState",
    "AuditOutcome",
    "BatchMode",
    "ErrorCode",
    "FreezeReason",
    "FreezeScope",
    "HoldState",
    "IdempotencyOutcome",
    "Operation",
    "Retry",
    "Role",
    "TransactionKind",
]
