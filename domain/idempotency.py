"""Idempotency: one key, one decision, for ever."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.access import Operation
from domain.error_codes import ErrorCode
from domain.instants import Instant
from domain.records import to_bytes


class IdempotencyOutcome(StrEnum):
    """What became of a key."""

    SUCCEEDED = "SUCCEEDED"
    REFUSED = "REFUSED"
    ABANDONED = "ABANDONED"


@dataclass(frozen=True, slots=True)
class IdempotencyScope:
    """Where a key is unique: across all keys of one API client, for one operation."""

    api_client_id: str
    operation: Operation
    key: str


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """What was decided under a key, and by which audit record."""

    scope: IdempotencyScope
    outcome: IdempotencyOutcome
    sequence: int
    decided_at: Instant
    error_code: ErrorCode | None = None
    target_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """A record with what it takes to compare a retry with it and to answer the retry.

    `details` are those of the audit record. An abandoned key has no fingerprint; `salt` is empty where the input held
    no free text.
    """

    record: IdempotencyRecord
    fingerprint: str = ""
    salt: bytes = b""
    details: str = ""


def fingerprint(canonical_input: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the canonical bytes of an input."""
    return hashlib.sha256(to_bytes(canonical_input)).hexdigest()


def differing_fields(first: Mapping[str, Any], second: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the fields in which two canonical inputs differ, sorted."""
    return tuple(sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name)))
