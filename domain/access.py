"""Who may do what: roles, operations, the table that joins them, API clients and their keys."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from domain.ids import Entropy, Prefix
from domain.instants import Instant

KEYS_PER_CLIENT = 10
"""Usable keys that one API client may hold at once: enough to rotate, few enough to oversee."""

SYSTEM_CLIENT_ID = "cli_00000000000000000000000000"
"""The built-in API client in whose name the program itself acts: expiries, and writes from the command line."""


class Role(StrEnum):
    """What an API client is trusted with."""

    VIEWER = "VIEWER"
    AUDITOR = "AUDITOR"
    TELLER = "TELLER"
    MANAGER = "MANAGER"
    ADMIN = "ADMIN"


class Operation(StrEnum):
    """Every deed that can change something; also the name of its audit action."""

    OPEN_ACCOUNT = "OPEN_ACCOUNT"
    RENAME_ACCOUNT = "RENAME_ACCOUNT"
    SET_OVERDRAFT_LIMIT = "SET_OVERDRAFT_LIMIT"
    FREEZE_ACCOUNT = "FREEZE_ACCOUNT"
    UNFREEZE_ACCOUNT = "UNFREEZE_ACCOUNT"
    CLOSE_ACCOUNT = "CLOSE_ACCOUNT"
    DEPOSIT = "DEPOSIT"
    WITHDRAW = "WITHDRAW"
    TRANSFER = "TRANSFER"
    REVERSE_TRANSACTION = "REVERSE_TRANSACTION"
    PLACE_HOLD = "PLACE_HOLD"
    CAPTURE_HOLD = "CAPTURE_HOLD"
    RELEASE_HOLD = "RELEASE_HOLD"
    EXECUTE_BATCH = "EXECUTE_BATCH"
    CREATE_API_CLIENT = "CREATE_API_CLIENT"
    CHANGE_API_CLIENT_ROLE = "CHANGE_API_CLIENT_ROLE"
    DISABLE_API_CLIENT = "DISABLE_API_CLIENT"
    ENABLE_API_CLIENT = "ENABLE_API_CLIENT"
    ISSUE_API_KEY = "ISSUE_API_KEY"
    REVOKE_API_KEY = "REVOKE_API_KEY"
    ABANDON_IDEMPOTENCY_KEY = "ABANDON_IDEMPOTENCY_KEY"
    EXPIRE_HOLD = "EXPIRE_HOLD"
    EXPIRE_FREEZE = "EXPIRE_FREEZE"
    ERASE_TEXT = "ERASE_TEXT"
    ACCEPT_ROLLBACK = "ACCEPT_ROLLBACK"


EVERYONE = frozenset(Role)
AUDITORS = frozenset({Role.AUDITOR, Role.ADMIN})
TELLERS = frozenset({Role.TELLER, Role.MANAGER, Role.ADMIN})
MANAGERS = frozenset({Role.MANAGER, Role.ADMIN})
ADMINS = frozenset({Role.ADMIN})

PERMISSIONS: Mapping[Operation, frozenset[Role]] = {
    Operation.OPEN_ACCOUNT: TELLERS,
    Operation.RENAME_ACCOUNT: TELLERS,
    Operation.SET_OVERDRAFT_LIMIT: MANAGERS,
    Operation.FREEZE_ACCOUNT: MANAGERS,
    Operation.UNFREEZE_ACCOUNT: MANAGERS,
    Operation.CLOSE_ACCOUNT: MANAGERS,
    Operation.DEPOSIT: TELLERS,
    Operation.WITHDRAW: MANAGERS,
    Operation.TRANSFER: MANAGERS,
    Operation.REVERSE_TRANSACTION: MANAGERS,
    Operation.PLACE_HOLD: MANAGERS,
    Operation.CAPTURE_HOLD: MANAGERS,
    Operation.RELEASE_HOLD: MANAGERS,
    Operation.EXECUTE_BATCH: MANAGERS,
    Operation.CREATE_API_CLIENT: ADMINS,
    Operation.CHANGE_API_CLIENT_ROLE: ADMINS,
    Operation.DISABLE_API_CLIENT: ADMINS,
    Operation.ENABLE_API_CLIENT: ADMINS,
    Operation.ISSUE_API_KEY: ADMINS,
    Operation.REVOKE_API_KEY: ADMINS,
    Operation.ABANDON_IDEMPOTENCY_KEY: TELLERS,
    Operation.EXPIRE_HOLD: ADMINS,
    Operation.EXPIRE_FREEZE: ADMINS,
    Operation.ERASE_TEXT: ADMINS,
    Operation.ACCEPT_ROLLBACK: ADMINS,
}
"""The roles that may perform each operation at all. A deed may ask for more once it has seen the account."""


@dataclass(frozen=True, slots=True)
class ApiClient:
    """A calling system. In banking a plain "client" would be a customer."""

    id: str
    name: str
    role: Role
    disabled_at: Instant | None = None

    @property
    def is_system(self) -> bool:
        """Tell whether this is the program itself, which nobody may change."""
        return self.id == SYSTEM_CLIENT_ID

    @property
    def is_enabled(self) -> bool:
        """Tell whether the client may act."""
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One credential of an API client. The secret itself is nowhere: only its digest is kept."""

    id: str
    api_client_id: str
    created_at: Instant
    expires_at: Instant | None = None
    revoked_at: Instant | None = None

    def is_usable(self, now: Instant) -> bool:
        """Tell whether the key still opens anything at that instant."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the client and key that were authenticated. The system acts without a key."""

    api_client_id: str
    api_key_id: str | None
    role: Role


SYSTEM = Caller(SYSTEM_CLIENT_ID, None, Role.ADMIN)


# An API key as its holder sees it: "ch_", the id's 26 letters, "_", 256 bits in hexadecimal, a CRC-32 of all that.
# The checksum lets a scanner recognise a leaked key and a server refuse a mistyped one without a look-up.

_SECRET = re.compile(r"ch_(?P<id>[0-9a-z]{26})_[0-9a-f]{64}(?P<checksum>[0-9a-f]{8})")


def mint_secret(api_key_id: str, entropy: Entropy) -> str:
    """Make the secret of a key. It is shown once and never stored."""
    body = f"ch_{api_key_id.removeprefix(f'{Prefix.API_KEY}_')}_{entropy.bytes(32).hex()}"
    return body + _checksum(body)


def api_key_id_in(secret: str) -> str | None:
    """Read which key a secret claims to be; None when it cannot be one of ours."""
    match = _SECRET.fullmatch(secret)
    if match is None or match["checksum"] != _checksum(secret[:-8]):
        return None
    return f"{Prefix.API_KEY}_{match['id']}"


def secret_digest(secret: str) -> str:
    """Return the SHA-256 by which a secret is stored: no slow hash, since there is nothing to guess in 256 bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def secret_matches(secret: str, digest: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(secret_digest(secret), digest)


def _checksum(body: str) -> str:
    return f"{binascii.crc32(body.encode()):08x}"
