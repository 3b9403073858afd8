"""Rows to domain values, and nothing else.

Each function names the columns it takes, in the order it takes them; persistence/queries.py selects them so.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from domain.access import ApiClient, ApiKey, Operation, Role
from domain.accounts import Account, AccountKind, AccountState
from domain.audit import AuditOutcome, AuditRecord, Head
from domain.error_codes import ErrorCode
from domain.freezes import Freeze, FreezeReason, FreezeScope
from domain.holds import Hold, HoldState
from domain.idempotency import Decision, IdempotencyOutcome, IdempotencyRecord, IdempotencyScope
from domain.instants import Instant
from domain.money import Currency, Money
from domain.text import Metadata
from domain.transactions import Entry, Reversal, Transaction, TransactionKind
from domain.turnovers import Turnover

Row = tuple[Any, ...]

_currency = cache(Currency)  # there are few, and they are read more often than anything else


def head(row: Row) -> Head:
    """Read number, last_sequence, at, hash."""
    number, sequence, at, digest = row
    return Head(number, sequence, Instant(at), digest)


def account(row: Row) -> Account:
    """Read id, kind, currency, exponent, state, the balances, version, the texts, opened_at, closed_at."""
    id_, kind, code, exponent, state, posted, held, limit, version, name, reference, pairs, opened_at, closed_at = row
    currency = _currency(code, exponent)
    return Account(
        id=id_,
        kind=AccountKind(kind),
        currency=currency,
        state=AccountState(state),
        posted=Money(posted, currency),
        held=Money(held, currency),
        overdraft_limit=Money(limit, currency),
        version=version,
        name=name or "",
        reference=reference,
        metadata=metadata(pairs),
        opened_at=opened_at,
        closed_at=closed_at,
    )


def hold(row: Row) -> Hold:
    """Read id, account_id, state, amount, captured, currency, exponent, description, placed_at, expires_at."""
    id_, account_id, state, amount, captured, code, exponent, description, placed_at, expires_at = row
    currency = _currency(code, exponent)
    return Hold(
        id=id_,
        account_id=account_id,
        state=HoldState(state),
        amount=Money(amount, currency),
        captured=Money(captured, currency),
        description=description,
        placed_at=placed_at,
        expires_at=expires_at,
    )


def freeze(row: Row) -> Freeze:
    """Read id, account_id, scope, reason, note, the placing, expires_at, the release."""
    id_, account_id, scope, reason, note, placed_at, placed_by, role, expires_at, released_at, released_by = row
    return Freeze(
        id=id_,
        account_id=account_id,
        scope=FreezeScope(scope),
        reason=FreezeReason(reason),
        note=note,
        placed_at=placed_at,
        placed_by=placed_by,
        placed_role=Role(role),
        expires_at=expires_at,
        released_at=released_at,
        released_by=released_by,
    )


def transaction(row: Row, entries: tuple[Entry, ...]) -> Transaction:
    """Read sequence, id, kind, amount, currency, exponent, reference, description, metadata, created_at, reverses."""
    sequence, id_, kind, amount, code, exponent, reference, description, pairs, created_at, reverses = row
    return Transaction(
        id=id_,
        sequence=sequence,
        kind=TransactionKind(kind),
        amount=Money(amount, _currency(code, exponent)),
        entries=entries,
        reference=reference,
        description=description,
        metadata=metadata(pairs),
        created_at=created_at,
        reverses=reverses,
    )


def reversal(row: Row) -> Reversal:
    """Read the id of the original, original, n, sequence, cumulative, currency, exponent."""
    original_id, original, n, sequence, cumulative, code, exponent = row
    return Reversal(original_id, original, n, sequence, Money(cumulative, _currency(code, exponent)))


def entry(row: Row) -> Entry:
    """Read account_id, version, amount, balance_after, currency, exponent."""
    account_id, version, amount, balance_after, code, exponent = row
    currency = _currency(code, exponent)
    return Entry(account_id, version, Money(amount, currency), Money(balance_after, currency))


def turnover(row: Row) -> Turnover:
    """Read credits_high, credits_low, balance_after, currency, exponent."""
    high, low, balance, code, exponent = row
    currency = _currency(code, exponent)
    return Turnover(Money(high * 10**9 + low, currency), Money(balance, currency))


def api_client(row: Row) -> ApiClient:
    """Read id, name, role, disabled_at."""
    id_, name, role, disabled_at = row
    return ApiClient(id_, name, Role(role), disabled_at)


def api_key(row: Row) -> ApiKey:
    """Read id, api_client_id, created_at, expires_at, revoked_at."""
    return ApiKey(*row)


def audit_record(row: Row) -> AuditRecord:
    """Read all columns of the table, in its order."""
    sequence, at, outcome, operation, client_id, key_id, role, key, targets, code, details, previous, digest = row
    return AuditRecord(
        sequence=sequence,
        at=at,
        outcome=AuditOutcome(outcome),
        operation=Operation(operation),
        api_client_id=client_id,
        api_key_id=key_id,
        role=Role(role),
        idempotency_key=key,
        target_ids=tuple(json.loads(targets)),
        error_code=ErrorCode(code) if code else None,
        details=details,
        previous_hash=previous,
        hash=digest,
    )


def decision(row: Row) -> Decision:
    """Read the scope, outcome, fingerprint, sequence, salt, then at, error_code, target_ids, details of the record."""
    client_id, operation, key, outcome, fingerprint, sequence, salt, at, code, targets, details = row
    record = IdempotencyRecord(
        scope=IdempotencyScope(client_id, Operation(operation), key),
        outcome=IdempotencyOutcome(outcome),
        sequence=sequence,
        decided_at=at,
        error_code=ErrorCode(code) if code else None,
        target_ids=tuple(json.loads(targets)),
    )
    return Decision(record, fingerprint, bytes.fromhex(salt or ""), details)


def metadata(text: str | None) -> Metadata:
    """Read metadata as it is stored: a JSON array of pairs, or nothing."""
    return tuple((key, value) for key, value in json.loads(text)) if text else ()
