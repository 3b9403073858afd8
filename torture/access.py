"""API clients of the model, and what each role may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TELLER = frozenset({"OPEN_ACCOUNT", "DEPOSIT", "ABANDON_IDEMPOTENCY_KEY"})
MANAGER = TELLER | {
    "WITHDRAW", "TRANSFER", "REVERSE_TRANSACTION", "PLACE_HOLD", "CAPTURE_HOLD", "RELEASE_HOLD", "EXECUTE_BATCH",
    "FREEZE_ACCOUNT", "UNFREEZE_ACCOUNT", "CLOSE_ACCOUNT",
}  # fmt: skip
ADMIN = MANAGER | {"CREATE_API_CLIENT", "ISSUE_API_KEY", "REVOKE_API_KEY", "DISABLE_API_CLIENT", "ENABLE_API_CLIENT"}
MAY: Mapping[str, frozenset[str]] = {"VIEWER": frozenset(), "TELLER": TELLER, "MANAGER": MANAGER, "ADMIN": ADMIN}


@dataclass(slots=True)
class Client:
    """An API client, and those of its keys that are not revoked."""

    role: str
    is_enabled: bool = True
    api_keys: set[str] = field(default_factory=set)
