"""Domain values to rows, and nothing else: the other way round of persistence/rows.py.

Each function gives the columns in the order in which its statement in persistence/writes.py names them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from domain.accounts import Account, AccountState
from domain.audit import AuditRecord
from domain.freezes import Freeze
from domain.holds import Hold, HoldState
from domain.idempotency import Decision
from domain.records import FORM
from domain.transactions import Reversal, Transaction
from domain.unit_of_work import FreeText, Staged
from persistence.statements import array

Row = tuple[Any, ...]


def audit_row(record: AuditRecord) -> Row:
    """Write an audit record."""
    return (
        record.sequence,
        record.at,
        record.outcome.value,
        record.operation.value,
        record.api_client_id,
        record.api_key_id,
        record.role.value,
        record.idempotency_key,
        array(record.target_ids),
        record.error_code.value if record.error_code else None,
        record.details,
        record.previous_hash,
        record.hash,
    )


def text_row(text: FreeText) -> Row:
    """Write the free text of a record."""
    words = text.content
    metadata = json.dumps(words["metadata"], ensure_ascii=False) if "metadata" in words else None
    return (text.sequence, text.salt.hex(), words.get("name"), words.get("description"), words.get("note"), metadata)


def idempotency_row(decision: Decision) -> Row:
    """Write what was decided under a key."""
    record, scope = decision.record, decision.record.scope
    return (
        scope.api_client_id,
        scope.operation.value,
        scope.key,
        record.outcome.value,
        decision.fingerprint,
        FORM,
        record.sequence,
    )


def opened_row(account: Account, created: Mapping[str, int]) -> Row:
    """Write an account as it opens: empty."""
    return (
        account.id,
        account.kind.value,
        account.currency.code,
        AccountState.ACTIVE.value,
        0,
        0,
        account.overdraft_limit.minor,
        0,
        account.reference,
        account.opened_at,
        created[account.id],
        created[account.id],
        created[account.id],
    )


def changed_row(account: Account, changed: int) -> Row:
    """Write how an account stands from now on."""
    return (
        account.state.value,
        account.posted.minor,
        account.held.minor,
        account.overdraft_limit.minor,
        account.version,
        changed,
        account.closed_at,
        account.version if account.state is AccountState.CLOSED else None,
        account.id,
    )


def transaction_row(transaction: Transaction) -> Row:
    """Write a transaction, without its entries."""
    return (
        transaction.sequence,
        transaction.id,
        transaction.kind.value,
        transaction.amount.minor,
        transaction.amount.currency.code,
        transaction.reference,
        transaction.created_at,
    )


def entry_rows(transaction: Transaction) -> Iterator[Row]:
    """Write the entries of a transaction."""
    for entry in transaction.entries:
        yield (
            entry.account_id,
            entry.version,
            transaction.sequence,
            entry.amount.minor,
            entry.balance_after.minor,
            transaction.created_at,
        )


def reversal_row(reversal: Reversal) -> Row:
    """Write how far a transaction is taken back."""
    return (reversal.original, reversal.n, reversal.sequence, reversal.cumulative.minor)


def placed_row(hold: Hold, created: Mapping[str, int]) -> Row:
    """Write a hold as it is placed: open."""
    return (
        hold.id,
        hold.account_id,
        HoldState.OPEN.value,
        hold.amount.minor,
        0,
        hold.placed_at,
        created[hold.id],
        created[hold.id],
        hold.expires_at,
    )


def freeze_row(freeze: Freeze, staged: Staged) -> Row:
    """Write a new freeze."""
    return (
        freeze.id,
        freeze.account_id,
        freeze.scope.value,
        freeze.reason.value,
        freeze.placed_at,
        freeze.placed_by,
        freeze.placed_role.value,
        staged.created[freeze.id],
        staged.changed[freeze.id],
        freeze.expires_at,
        freeze.released_at,
        freeze.released_by,
    )
