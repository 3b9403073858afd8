"""Writing what a batch has staged: one set-based statement for each table, the batch row last."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import peewee

from domain.accounts import Account
from domain.decisions import Batch
from domain.holds import HoldState
from domain.unit_of_work import Staged
from persistence import queries, tables, values
from persistence.statements import Hole, RowStatement, Statement, change, insertion

_AUDIT = insertion(
    tables.Audit,
    "sequence",
    "at",
    "outcome",
    "operation",
    "api_client_id",
    "api_key_id",
    "role",
    "idempotency_key",
    "target_ids",
    "error_code",
    "details",
    "previous_hash",
    "hash",
)
_TEXT = insertion(tables.Text, "sequence", "salt", "name", "description", "note", "metadata")
_WORDS = (tables.Text.salt, tables.Text.name, tables.Text.description, tables.Text.note, tables.Text.metadata)
_ERASED_TEXT = RowStatement(
    tables.Text.update(dict.fromkeys(_WORDS, peewee.SQL("NULL"))).where(queries.tells_of(Hole("account_id"))),
    ("account_id",),
)
_IDEMPOTENCY = insertion(
    tables.Idempotency, "api_client_id", "operation", "key", "outcome", "fingerprint", "form", "sequence"
)
_API_CLIENTS = insertion(tables.ApiClient, "id", "name", "role", "disabled_at", "created_sequence", "changed_sequence")
_CHANGED_API_CLIENTS = change(tables.ApiClient, "role", "disabled_at", "changed_sequence")
_API_KEYS = insertion(
    tables.ApiKey,
    "id",
    "api_client_id",
    "secret_digest",
    "created_at",
    "created_sequence",
    "changed_sequence",
    "expires_at",
    "revoked_at",
)
_REVOKED_API_KEYS = change(tables.ApiKey, "changed_sequence", "revoked_at")
_KNOWN_CURRENCIES = Statement(tables.Currency.select(tables.Currency.code))
_CURRENCIES = insertion(tables.Currency, "code", "exponent")
_ACCOUNTS = insertion(
    tables.Account,
    "id",
    "kind",
    "currency",
    "state",
    "posted",
    "held",
    "overdraft_limit",
    "version",
    "reference",
    "opened_at",
    "opened_sequence",
    "named_sequence",
    "changed_sequence",
)
_CHANGED_ACCOUNTS = change(
    tables.Account,
    "state",
    "posted",
    "held",
    "overdraft_limit",
    "version",
    "changed_sequence",
    "closed_at",
    "closed_version",
)
_RENAMED_ACCOUNTS = change(tables.Account, "named_sequence", "changed_sequence")
_TRANSACTIONS = insertion(tables.Transaction, "sequence", "id", "kind", "amount", "currency", "reference", "created_at")
_ENTRIES = insertion(tables.Entry, "account_id", "version", "sequence", "amount", "balance_after", "created_at")
_REVERSALS = insertion(tables.Reversal, "original", "n", "sequence", "cumulative")
_HOLDS = insertion(
    tables.Hold,
    "id",
    "account_id",
    "state",
    "amount",
    "captured",
    "placed_at",
    "placed_sequence",
    "changed_sequence",
    "expires_at",
)
_ENDED_HOLDS = change(tables.Hold, "state", "captured", "changed_sequence")
_FREEZES = insertion(
    tables.Freeze,
    "id",
    "account_id",
    "scope",
    "reason",
    "placed_at",
    "placed_by",
    "placed_role",
    "placed_sequence",
    "changed_sequence",
    "expires_at",
    "released_at",
    "released_by",
)
_RELEASED_FREEZES = change(tables.Freeze, "changed_sequence", "released_at", "released_by")
_BATCH = insertion(tables.Batch, "number", "first_sequence", "last_sequence", "at")

Rows = Iterable[tuple[Any, ...]]


def write(database: peewee.Database, batch: Batch) -> None:
    """Write the batch, in the order that its walls ask for. Writes nothing when nothing was staged."""
    staged = batch.staged
    if not staged.audit:
        return
    _run(database, _AUDIT, map(values.audit_row, staged.audit))
    _run(database, _TEXT, map(values.text_row, staged.text))
    _run(database, _ERASED_TEXT, [(account_id,) for account_id in staged.erased])
    _run(database, _IDEMPOTENCY, map(values.idempotency_row, staged.decisions.values()))
    _write_access(database, staged)
    _write_accounts(database, staged)
    _run(database, _BATCH, [(batch.head.batch + 1, batch.head.sequence + 1, batch.sequence, batch.now)])


def _write_access(database: peewee.Database, staged: Staged) -> None:
    clients, keys = staged.api_clients.values(), staged.api_keys.values()
    created, changed = staged.created, staged.changed
    _run(
        database,
        _API_CLIENTS,
        [(c.id, c.name, c.role.value, c.disabled_at, created[c.id], changed[c.id]) for c in clients if c.id in created],
    )
    _run(
        database,
        _CHANGED_API_CLIENTS,
        [(c.role.value, c.disabled_at, changed[c.id], c.id) for c in clients if c.id not in created],
    )
    digests = staged.secret_digests
    _run(
        database,
        _API_KEYS,
        [
            (
                k.id,
                k.api_client_id,
                digests[k.id],
                k.created_at,
                created[k.id],
                changed[k.id],
                k.expires_at,
                k.revoked_at,
            )
            for k in keys
            if k.id in created
        ],
    )
    _run(database, _REVOKED_API_KEYS, [(changed[k.id], k.revoked_at, k.id) for k in keys if k.id not in created])


def _write_accounts(database: peewee.Database, staged: Staged) -> None:
    """Open accounts empty, then bring them, entry by entry, to where they stand."""
    accounts, freezes, created = staged.accounts.values(), staged.freezes.values(), staged.created
    opened = [account for account in accounts if account.id in created]
    _write_currencies(database, opened)
    _run(database, _ACCOUNTS, [values.opened_row(account, created) for account in opened])
    _run(database, _RENAMED_ACCOUNTS, [(named, named, id_) for id_, named in staged.named.items()])
    _run(database, _TRANSACTIONS, map(values.transaction_row, staged.transactions.values()))
    _run(database, _ENTRIES, (row for made in staged.transactions.values() for row in values.entry_rows(made)))
    _run(database, _REVERSALS, map(values.reversal_row, staged.reversals.values()))
    _write_holds(database, staged)
    _run(database, _FREEZES, [values.freeze_row(f, staged) for f in freezes if f.id in created])
    _run(
        database,
        _RELEASED_FREEZES,
        [(staged.changed[f.id], f.released_at, f.released_by, f.id) for f in freezes if f.id not in created],
    )
    _run(database, _CHANGED_ACCOUNTS, [values.changed_row(account, staged.changed[account.id]) for account in accounts])


def _write_holds(database: peewee.Database, staged: Staged) -> None:
    """Place holds open, then end those that have ended."""
    holds, created, changed = staged.holds.values(), staged.created, staged.changed
    _run(database, _HOLDS, [values.placed_row(hold, created) for hold in holds if hold.id in created])
    _run(
        database,
        _ENDED_HOLDS,
        [(h.state.value, h.captured.minor, changed[h.id], h.id) for h in holds if h.state is not HoldState.OPEN],
    )


def _write_currencies(database: peewee.Database, opened: list[Account]) -> None:
    if not opened:
        return
    known = {code for (code,) in _KNOWN_CURRENCIES(database)}
    fresh = {account.currency.code: account.currency.exponent for account in opened}
    _run(database, _CURRENCIES, [(code, exponent) for code, exponent in fresh.items() if code not in known])


def _run(database: peewee.Database, statement: RowStatement, rows: Rows) -> None:
    if rows := list(rows):
        statement(database, rows)
