"""The audit log and idempotency records, as they are said."""

from __future__ import annotations

import strawberry

from domain import audit as domain
from domain import idempotency
from domain.access import AUDITORS, EVERYONE
from domain.ids import Prefix
from schema.access import ApiClient
from schema.context import Info
from schema.enums import AuditOutcome, ErrorCode, IdempotencyOutcome, Operation
from schema.filters import TimeRange
from schema.nodes import Node
from schema.permissions import RequiresRole, guarded
from schema.scalars import DateTime, Int64
from schema.scalars import IdempotencyKey as Key
from schema.transactions import Transaction


async def _api_client(root: strawberry.Parent[AuditRecord], info: Info) -> ApiClient | None:
    return await info.context.edges.api_client(root.api_client_id)


async def _transaction(root: strawberry.Parent[IdempotencyRecord], info: Info) -> Transaction | None:
    return await info.context.edges.transaction_at(root.sequence)


@strawberry.type(description="One outcome of a mutation, chained to the one before it. Read by AUDITOR and ADMIN.")
class AuditRecord(Node):
    api_client_id: strawberry.Private[str]
    sequence: Int64 = strawberry.field(description="Its number: without gaps, in order of commit.")
    at: DateTime = strawberry.field(description="When it was decided.")
    outcome: AuditOutcome = strawberry.field(description="How it ended.")
    operation: Operation = strawberry.field(description="What was asked for.")
    api_key_id: strawberry.ID | None = strawberry.field(description="With which key; null for the system.")
    target_ids: list[strawberry.ID] = strawberry.field(description="The ids of what it named, changed or made.")
    idempotency_key: Key | None = strawberry.field(description="Under which idempotency key; null for the system.")
    error_code: ErrorCode | None = strawberry.field(description="Why it was refused or denied; null if it was done.")
    details: str = strawberry.field(
        description="The canonical JSON that was sealed: input, result or error, accounts before and after. Free text "
        "is there as a salted digest only."
    )
    hash: str = strawberry.field(
        description="SHA-256 of previousHash (as bytes) followed by details (as UTF-8), in hexadecimal."
    )
    previous_hash: str = strawberry.field(description="The hash of the record before it; 64 zeros for the first.")
    api_client: ApiClient | None = guarded(
        _api_client, RequiresRole(AUDITORS), "Who asked; the system, for what ran out by itself."
    )

    @classmethod
    def of(cls, record: domain.AuditRecord) -> AuditRecord:
        """Present an audit record."""
        return cls(
            id=strawberry.ID(f"{Prefix.AUDIT_RECORD.value}_{record.sequence}"),
            api_client_id=record.api_client_id,
            sequence=Int64(record.sequence),
            at=DateTime(record.at),
            outcome=record.outcome,
            operation=record.operation,
            api_key_id=strawberry.ID(record.api_key_id) if record.api_key_id else None,
            target_ids=[strawberry.ID(target) for target in record.target_ids],
            idempotency_key=Key(record.idempotency_key) if record.idempotency_key else None,
            error_code=record.error_code,
            details=record.details,
            hash=record.hash,
            previous_hash=record.previous_hash,
        )


@strawberry.type(description="What became of an idempotency key. Read by its own API client, AUDITOR and ADMIN.")
class IdempotencyRecord:
    key: Key = strawberry.field(description="The key.")
    operation: Operation = strawberry.field(description="The operation it was used for.")
    decided_at: DateTime = strawberry.field(description="When it was decided.")
    outcome: IdempotencyOutcome = strawberry.field(description="What became of it.")
    error_code: ErrorCode | None = strawberry.field(description="Why it was refused; null if it was not refused.")
    target_ids: list[strawberry.ID] = strawberry.field(description="The ids of what it named, changed or made.")
    sequence: Int64 = strawberry.field(description="The number of its audit record.")
    transaction: Transaction | None = guarded(
        _transaction, RequiresRole(EVERYONE), "The movement it made; null if it made none."
    )

    @classmethod
    def of(cls, record: idempotency.IdempotencyRecord) -> IdempotencyRecord:
        """Present what became of a key."""
        return cls(
            key=Key(record.scope.key),
            operation=record.scope.operation,
            decided_at=DateTime(record.decided_at),
            outcome=record.outcome,
            error_code=record.error_code,
            target_ids=[strawberry.ID(target) for target in record.target_ids],
            sequence=Int64(record.sequence),
        )


@strawberry.input(description="Which audit records to list. What is left out does not restrict.")
class AuditFilter:
    outcome: AuditOutcome | None = strawberry.field(default=None, description="Only those that ended so.")
    operation: Operation | None = strawberry.field(default=None, description="Only those of this operation.")
    api_client_id: strawberry.ID | None = strawberry.field(default=None, description="Only those of this API client.")
    target_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only those that named, changed or made what has this id."
    )
    at: TimeRange | None = strawberry.field(default=None, description="Only those decided in this range.")


@strawberry.input(description="Which idempotency key to give up.")
class AbandonIdempotencyKeyInput:
    operation: Operation = strawberry.field(
        description="The operation it was meant for; not this one, nor one of the system's own."
    )
    key: Key = strawberry.field(description="The key, as the calling API client itself sent it.")
