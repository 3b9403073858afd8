"""Proving the books again from nothing but their rows: the chain, then each rule, then that both tell one story."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import peewee

from domain.access import PERMISSIONS
from domain.audit import BEGINNING, AuditOutcome, AuditRecord, Head, fault_in
from domain.records import to_plain
from persistence import queries, rows, tables
from persistence.books import read_transactions
from persistence.statements import Statement, array, each

CHUNK = 500
"""Audit records that are proved at a time, so that memory does not grow with the books."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was proved."""

    records: int
    transactions: int
    accounts: int


class FaultFoundError(Exception):
    """The first row that is not as it must be."""


# Each rule is a query for the rows that break it, worst first; the first column says which row that is.
_RULES: Mapping[str, str] = {
    "batch {} does not begin where the one before it ended": """
        SELECT number FROM (SELECT *, lag(last_sequence, 1, 0) OVER (ORDER BY number) AS ended,
            row_number() OVER (ORDER BY number) AS place FROM batch)
        WHERE first_sequence <> ended + 1 OR number <> place ORDER BY number""",
    "audit record {} belongs to no batch": """
        SELECT sequence FROM audit
        WHERE sequence > (SELECT coalesce(max(last_sequence), 0) FROM batch) ORDER BY sequence""",
    "audit record {} is missing from the end of its batch": """
        SELECT last_sequence FROM batch
        WHERE last_sequence > (SELECT coalesce(max(sequence), 0) FROM audit) ORDER BY number""",
    "audit record {} succeeded without a permission": """
        SELECT sequence FROM audit LEFT JOIN permission USING (role, operation)
        WHERE outcome = 'SUCCEEDED' AND permission.role IS NULL ORDER BY sequence""",
    "idempotency key of audit record {} does not agree with it": """
        SELECT sequence FROM idempotency AS i LEFT JOIN audit AS a USING (sequence)
        WHERE a.sequence IS NULL OR a.api_client_id <> i.api_client_id
            OR (i.outcome <> 'ABANDONED' AND (a.operation <> i.operation OR a.idempotency_key IS NOT i.key
                OR a.outcome <> i.outcome))
        ORDER BY sequence""",
    "transaction {} does not sum to zero, or has fewer than two entries": """
        SELECT t.id FROM "transaction" AS t LEFT JOIN entry AS e USING (sequence)
        GROUP BY sequence
        HAVING count(e.version) < 2 OR sum(e.amount) <> 0 OR sum(max(e.amount, 0)) <> t.amount
        ORDER BY sequence""",
    "transaction {} mixes currencies": """
        SELECT t.id FROM "transaction" AS t JOIN entry AS e USING (sequence)
        JOIN account AS a ON a.id = e.account_id WHERE a.currency <> t.currency ORDER BY sequence""",
    "an entry of account {} belongs to no transaction": """
        SELECT account_id FROM entry LEFT JOIN "transaction" AS t USING (sequence)
        WHERE t.sequence IS NULL ORDER BY sequence""",
    "the entries of account {} have a gap, or a balance that does not follow": """
        SELECT account_id FROM (SELECT *, row_number() OVER account_entries AS place,
            sum(amount) OVER account_entries AS running FROM entry
            WINDOW account_entries AS (PARTITION BY account_id ORDER BY version))
        WHERE version <> place OR balance_after <> running ORDER BY account_id, version""",
    "account {} does not agree with its entries": """
        SELECT a.id FROM account AS a LEFT JOIN entry AS e ON e.account_id = a.id
        GROUP BY a.id HAVING a.posted <> coalesce(sum(e.amount), 0) OR a.version <> count(e.version) ORDER BY a.id""",
    "account {} has less than nothing available": """
        SELECT id FROM account WHERE kind = 'CUSTOMER' AND posted - held + overdraft_limit < 0 ORDER BY id""",
    "account {} is closed but not empty": """
        SELECT id FROM account WHERE state = 'CLOSED' AND (posted <> 0 OR held <> 0 OR overdraft_limit <> 0
            OR version IS NOT closed_version OR closed_at IS NULL) ORDER BY id""",
    "account {} does not agree with its freezes": """
        SELECT id FROM account AS a
        WHERE (state = 'FROZEN') <> EXISTS (
            SELECT 1 FROM freeze WHERE account_id = a.id AND released_at IS NULL) ORDER BY id""",
    "account {} and its currency are not known together": """
        SELECT id FROM account LEFT JOIN currency ON currency.code = account.currency
        WHERE currency.code IS NULL ORDER BY id""",
}

_RECORDS = "SELECT * FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?"
_TRANSACTIONS_AT = Statement(queries.transactions().where(tables.Transaction.sequence.in_(each("sequences"))))
_ACCOUNT = "SELECT state, posted, held, overdraft_limit, version FROM account WHERE id = ?"


def verify(database: peewee.Database) -> Verified:
    """Prove everything, in one snapshot. Raises FaultFoundError naming the first bad row."""
    with database.atomic("DEFERRED"):
        _prove_permissions(database)
        told = _prove_chain(database)
        for fault, query in _RULES.items():
            if found := database.execute_sql(query).fetchone():
                raise FaultFoundError(fault.format(found[0]))
        return _prove_told(database, told)


@dataclass(slots=True)
class _Told:
    """What the audit log tells of the books: how each account stands, and how much there is of each."""

    standings: dict[str, Mapping[str, Any]]
    records: int = 0
    transactions: int = 0


def _prove_permissions(database: peewee.Database) -> None:
    expected = {(role.value, operation.value) for operation, roles in PERMISSIONS.items() for role in roles}
    actual = set(database.execute_sql("SELECT role, operation FROM permission").fetchall())
    for role, operation in sorted(expected ^ actual):
        raise FaultFoundError(f"permission {role} {operation} differs from the program's")


def _prove_chain(database: peewee.Database) -> _Told:
    told, head = _Told({}), BEGINNING
    while chunk := _records_after(database, head.sequence):
        for record in chunk:
            if fault := fault_in(record, head):
                raise FaultFoundError(f"audit record {record.sequence} {fault}")
            head = Head(head.batch, record.sequence, record.at, record.hash)
        _prove_movements(database, chunk, told)
    told.records = head.sequence
    return told


def _records_after(database: peewee.Database, sequence: int) -> list[AuditRecord]:
    found = database.execute_sql(_RECORDS, (sequence, CHUNK))
    return [rows.audit_record(row) for row in islice(found, CHUNK)]


def _prove_movements(database: peewee.Database, chunk: list[AuditRecord], told: _Told) -> None:
    """Compare each movement that the log tells of with the rows of the transaction and its entries."""
    movements = dict(_movements(chunk, told))
    found = _TRANSACTIONS_AT(database, sequences=array(list(movements)))
    made = {one.sequence: to_plain(one) for one in read_transactions(database, found)}
    for sequence, movement in movements.items():
        if made.get(sequence) != movement:
            raise FaultFoundError(f"the transaction of audit record {sequence} is not the one that was recorded")
    told.transactions += len(movements)


def _movements(chunk: list[AuditRecord], told: _Told) -> Iterator[tuple[int, Any]]:
    for record in chunk:
        if record.outcome is AuditOutcome.SUCCEEDED:
            details = json.loads(record.details)
            told.standings.update({id_: change["after"] for id_, change in details["accounts"].items()})
            if "transaction" in details["result"]:
                yield record.sequence, details["result"]["transaction"]


def _prove_told(database: peewee.Database, told: _Told) -> Verified:
    """Compare how the log left each account with how it stands, and that there is nothing the log does not know."""
    for account_id, standing in told.standings.items():
        found = database.execute_sql(_ACCOUNT, (account_id,)).fetchone()
        if found != tuple(standing[name] for name in ("state", "posted", "held", "overdraftLimit", "version")):
            raise FaultFoundError(f"account {account_id} does not stand as it was last recorded")
    (accounts,) = database.execute_sql("SELECT count(*) FROM account").fetchone()
    (transactions,) = database.execute_sql('SELECT count(*) FROM "transaction"').fetchone()
    if accounts != len(told.standings):
        raise FaultFoundError("there is an account of which no audit record tells")
    if transactions != told.transactions:
        raise FaultFoundError("there is a transaction of which no audit record tells")
    return Verified(told.records, transactions, accounts)
