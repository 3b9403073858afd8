"""The audit log, and what became of idempotency keys."""

from __future__ import annotations

from typing import Annotated

import strawberry

from domain.access import AUDITORS, Operation
from domain.idempotency import IdempotencyScope
from domain.services.idempotency_keys import AbandonIdempotencyKey
from resolvers import inputs
from resolvers.context import Info
from resolvers.filters import audit_filter
from resolvers.operation import Input, Key, perform
from resolvers.pages import Listing, connection, page_request
from schema.audit import AbandonIdempotencyKeyInput, AuditFilter, AuditRecord, IdempotencyRecord
from schema.pages import After, Connection, First
from schema.permissions import forbidden
from schema.results import AbandonIdempotencyKeyResult
from schema.scalars import IdempotencyKey

Filter = Annotated[AuditFilter | None, strawberry.argument(description="Which records; all if left out.")]
Performed = Annotated[Operation, strawberry.argument(description="The operation that the key was used for.")]
Used = Annotated[IdempotencyKey, strawberry.argument(description="The key.")]
Whose = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="The API client that used it; oneself if left out, another for AUDITOR and ADMIN."),
]


async def abandon_idempotency_key(
    info: Info, idempotency_key: Key, input: Input[AbandonIdempotencyKeyInput]
) -> AbandonIdempotencyKeyResult | None:
    return await perform(info, idempotency_key, AbandonIdempotencyKey, inputs.abandon_idempotency_key, input)


async def audit_log(
    info: Info, filter: Filter = None, first: First = 20, after: After = None
) -> Connection[AuditRecord] | None:
    asked = page_request(Listing.AUDIT_LOG, first, after)
    return connection(
        Listing.AUDIT_LOG, asked, info.context.reader.audit_page(audit_filter(filter), asked), AuditRecord.of
    )


async def idempotency_record(
    info: Info, operation: Performed, key: Used, api_client_id: Whose = None
) -> IdempotencyRecord | None:
    """Look behind everything already queued, so that "not decided yet" is true when it is said."""
    caller = info.context.caller
    whose = caller.api_client_id if api_client_id is None else api_client_id
    if whose != caller.api_client_id and caller.role not in AUDITORS:
        raise forbidden(sorted(AUDITORS))
    await info.context.ledger.settled()
    found = info.context.reader.idempotency_record(IdempotencyScope(whose, operation, key))
    return IdempotencyRecord.of(found) if found else None
