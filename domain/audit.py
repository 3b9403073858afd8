"""The audit log: one record per outcome, numbered without gaps, each sealed onto the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.access import Operation, Role
from domain.error_codes import ErrorCode
from domain.instants import Instant
from domain.records import to_bytes

DETAILS_FORM = 1
GENESIS_HASH = "0" * 64


class AuditOutcome(StrEnum):
    """How a deed ended."""

    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    DENIED = "DENIED"


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the log: where the next record is sealed on. `at` is the time of the last batch."""

    batch: int
    sequence: int
    at: Instant
    hash: str


BEGINNING = Head(batch=0, sequence=0, at=Instant(0), hash=GENESIS_HASH)


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One sealed outcome.

    `details` is the canonical text of everything that happened, this record's own fields included;
    `hash` = SHA-256(previous hash || details).
    """

    sequence: int
    at: Instant
    outcome: AuditOutcome
    operation: Operation
    api_client_id: str
    api_key_id: str | None
    role: Role
    idempotency_key: str | None
    target_ids: tuple[str, ...]
    error_code: ErrorCode | None
    details: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Unsealed:
    """An outcome on its way into the log: who, what, to what end, and the facts as plain data."""

    at: Instant
    outcome: AuditOutcome
    operation: Operation
    api_client_id: str
    api_key_id: str | None
    role: Role
    idempotency_key: str | None
    target_ids: tuple[str, ...]
    error_code: ErrorCode | None
    facts: Mapping[str, Any]


def seal(record: Unsealed, sequence: int, previous_hash: str) -> AuditRecord:
    """Write the canonical text of an outcome and chain it to its predecessor."""
    details = to_bytes(
        {
            "form": DETAILS_FORM,
            "sequence": sequence,
            "at": record.at,
            "outcome": record.outcome.value,
            "operation": record.operation.value,
            "apiClientId": record.api_client_id,
            "apiKeyId": record.api_key_id,
            "role": record.role.value,
            "idempotencyKey": record.idempotency_key,
            "targetIds": list(record.target_ids),
            "errorCode": record.error_code and record.error_code.value,
            **record.facts,
        }
    )
    return AuditRecord(
        sequence=sequence,
        at=record.at,
        outcome=record.outcome,
        operation=record.operation,
        api_client_id=record.api_client_id,
        api_key_id=record.api_key_id,
        role=record.role,
        idempotency_key=record.idempotency_key,
        target_ids=record.target_ids,
        error_code=record.error_code,
        details=details.decode(),
        previous_hash=previous_hash,
        hash=chained(previous_hash, details),
    )


def chained(previous_hash: str, details: bytes) -> str:
    """Return SHA-256(previous hash || details), in hexadecimal."""
    return hashlib.sha256(bytes.fromhex(previous_hash) + details).hexdigest()


def fault_in(record: AuditRecord, predecessor: Head) -> str | None:
    """Say what is wrong with a record that follows `predecessor`; None when it is as it was sealed."""
    if record.sequence != predecessor.sequence + 1:
        return f"follows record {predecessor.sequence}: records are missing"
    if record.previous_hash != predecessor.hash:
        return "is not chained to the record before it"
    if record.hash != chained(record.previous_hash, record.details.encode()):
        return "does not match its hash"
    if record.at < predecessor.at:
        return "is older than the record before it"
    if _columns_of(record) != _columns_in(record.details):
        return "has columns that differ from its sealed details"
    return None


def _columns_of(record: AuditRecord) -> tuple[object, ...]:
    return (
        record.sequence,
        record.at,
        record.outcome,
        record.operation,
        record.api_client_id,
        record.api_key_id,
        record.role,
        record.idempotency_key,
        list(record.target_ids),
        record.error_code,
    )


def _columns_in(details: str) -> tuple[object, ...]:
    names = ("sequence", "at", "outcome", "operation", "apiClientId", "apiKeyId", "role", "idempotencyKey")
    plain = json.loads(details)
    return (*(plain[name] for name in names), plain["targetIds"], plain["errorCode"])
