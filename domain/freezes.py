"""Freezes: rows that stack, each with a scope, a reason, an owner and perhaps an end."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from domain.access import Role
from domain.instants import Instant
from domain.records import FREE_TEXT


class FreezeScope(StrEnum):
    """What a freeze stops."""

    DEBITS = "DEBITS"
    ALL = "ALL"


class FreezeReason(StrEnum):
    """Why an account was frozen; COMPLIANCE is for ADMIN alone to release."""

    CUSTOMER_REQUEST = "CUSTOMER_REQUEST"
    SUSPECTED_FRAUD = "SUSPECTED_FRAUD"
    COMPLIANCE = "COMPLIANCE"
    OPERATIONS = "OPERATIONS"


@dataclass(frozen=True, slots=True)
class Freeze:
    """One reason to stop movements. It is live until it is released or expires, and never comes back."""

    id: str
    account_id: str
    scope: FreezeScope
    reason: FreezeReason
    note: str | None = field(metadata=FREE_TEXT)
    placed_at: Instant
    placed_by: str
    placed_role: Role
    expires_at: Instant | None = None
    released_at: Instant | None = None
    released_by: str | None = None

    def is_due(self, now: Instant) -> bool:
        """Tell whether it has run out, settled or not."""
        return self.released_at is None and self.expires_at is not None and self.expires_at <= now

    def is_live(self, now: Instant) -> bool:
        """Tell whether it counts at that instant."""
        return self.released_at is None and not self.is_due(now)
