"""Proving the books again from nothing but their rows: the chain, each rule, and that log and books tell one story."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import peewee

from domain.audit import BEGINNING, AuditRecord, Head, fault_in
from domain.ports import StorageError
from persistence import rows
from persistence.database import PERMITTED, permitted
from persistence.retelling import FaultFoundError, Retelling
from persistence.statements import storage_errors

CHUNK = 500
"""Audit records that are proved at a time. Memory grows with accounts, keys and clients, not with movements."""


@dataclass(frozen=True, slots=True)
class Verified:
    """How much was proved."""

    records: int
    transactions: int
    accounts: int


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
        SELECT ended + 1 FROM (SELECT coalesce(max(sequence), 0) AS ended FROM audit)
        WHERE ended < (SELECT max(last_sequence) FROM batch)""",
    "audit record {} succeeded without a permission": """
        SELECT sequence FROM audit LEFT JOIN permission USING (role, operation)
        WHERE outcome = 'SUCCEEDED' AND permission.role IS NULL ORDER BY sequence""",
    "batch {} does not have the time of its records": """
        SELECT number FROM batch JOIN audit ON sequence BETWEEN first_sequence AND last_sequence
        WHERE batch.at <> audit.at ORDER BY number""",
    "the index of targets does not agree with audit record {}": """
        SELECT sequence FROM (
            SELECT sequence, value AS target_id FROM audit, json_each(target_ids)
            EXCEPT SELECT sequence, target_id FROM audit_target)
        UNION ALL SELECT sequence FROM (
            SELECT sequence, target_id FROM audit_target
            EXCEPT SELECT sequence, value FROM audit, json_each(target_ids))
        ORDER BY 1""",
    "transaction {} does not sum to zero, or has fewer than two entries": """
        SELECT t.id FROM "transaction" AS t LEFT JOIN entry AS e USING (sequence)
        GROUP BY sequence
        HAVING count(e.version) < 2 OR sum(e.amount) <> 0 OR sum(max(e.amount, 0)) <> t.amount
        ORDER BY sequence""",
    "transaction {} mixes currencies": """
        SELECT t.id FROM "transaction" AS t JOIN entry AS e USING (sequence)
        JOIN account AS a ON a.id = e.account_id WHERE a.currency <> t.currency ORDER BY sequence""",
    "an entry of account {} belongs to no transaction, or has another time": """
        SELECT account_id FROM entry AS e LEFT JOIN "transaction" AS t USING (sequence)
        WHERE t.sequence IS NULL OR t.created_at <> e.created_at ORDER BY sequence""",
    "reversal of transaction {} is no reversal of it": """
        SELECT original FROM reversal AS r LEFT JOIN "transaction" AS t USING (sequence)
        WHERE t.kind IS NOT 'REVERSAL' ORDER BY original, n""",
    "the reversals of transaction {} do not add up, or exceed it": """
        SELECT original FROM (SELECT r.*, row_number() OVER reversals AS place, sum(t.amount) OVER reversals AS running
            FROM reversal AS r JOIN "transaction" AS t USING (sequence)
            WINDOW reversals AS (PARTITION BY original ORDER BY n))
        LEFT JOIN "transaction" AS o ON o.sequence = original
        WHERE n <> place OR cumulative <> running OR cumulative > o.amount
            OR coalesce(o.kind, 'SWEEP') IN ('REVERSAL', 'SWEEP')
        ORDER BY original, n""",
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
    "account {} does not set aside what its open holds add up to": """
        SELECT id FROM account AS a
        WHERE held <> (SELECT coalesce(sum(amount), 0) FROM hold WHERE account_id = a.id AND state = 'OPEN')
        ORDER BY id""",
    "hold {} is no part of its amount, or was captured without being CAPTURED": """
        SELECT id FROM hold
        WHERE captured NOT BETWEEN 0 AND amount OR (state = 'CAPTURED') <> (captured > 0) ORDER BY id""",
    "hold {} expired before its time, or did something else after it": """
        SELECT id FROM hold JOIN audit ON sequence = changed_sequence
        WHERE (state = 'EXPIRED') <> (state <> 'OPEN' AND coalesce(expires_at <= at, FALSE)) ORDER BY id""",
    "capture {} is not of one hold, out of its account": """
        SELECT t.id FROM "transaction" AS t
        LEFT JOIN hold AS h ON h.state = 'CAPTURED' AND h.changed_sequence = t.sequence
        LEFT JOIN entry AS e ON e.sequence = t.sequence AND e.account_id = h.account_id
        WHERE t.kind = 'CAPTURE' GROUP BY t.sequence
        HAVING count(*) <> 1 OR max(h.captured) IS NOT t.amount OR max(e.amount) IS NOT -t.amount
        ORDER BY t.sequence""",
    "hold {} is captured, and nothing was paid": """
        SELECT h.id FROM hold AS h
        LEFT JOIN "transaction" AS t ON t.sequence = h.changed_sequence AND t.kind = 'CAPTURE'
        WHERE h.state = 'CAPTURED' AND t.sequence IS NULL ORDER BY h.id""",
    "account {} does not agree with its freezes": """
        SELECT id FROM account AS a
        WHERE (state = 'FROZEN') <> EXISTS (
            SELECT 1 FROM freeze WHERE account_id = a.id AND released_at IS NULL) ORDER BY id""",
    "the system's own API client is not as the program made it": """
        SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM api_client
            WHERE id = 'cli_00000000000000000000000000' AND name = 'system' AND role = 'ADMIN'
                AND disabled_at IS NULL AND created_sequence = 0 AND changed_sequence = 0)""",
    "{} was not made by the record that says so": """
        SELECT id FROM (
            SELECT id, created_sequence, 'CREATE_API_CLIENT' AS made_by FROM api_client WHERE name <> 'system'
            UNION ALL SELECT id, created_sequence, 'ISSUE_API_KEY' FROM api_key
            UNION ALL SELECT id, placed_sequence, 'PLACE_HOLD' FROM hold
            UNION ALL SELECT id, placed_sequence, 'FREEZE_ACCOUNT' FROM freeze)
        WHERE created_sequence IS NOT (
            SELECT sequence FROM audit_target JOIN audit USING (sequence)
            WHERE target_id = id AND outcome = 'SUCCEEDED' AND operation = made_by) ORDER BY id""",
    "API key {} has a digest that no secret has": """
        SELECT id FROM api_key WHERE length(secret_digest) <> 64 OR secret_digest GLOB '*[^0-9a-f]*' ORDER BY id""",
    "account {} is no house account of its currency": """
        SELECT id FROM account AS a WHERE kind <> 'CUSTOMER' AND (
            kind <> 'HOUSE' OR id <> 'house_' || currency OR reference IS NOT NULL OR closed_at IS NOT NULL
            OR named_sequence <> opened_sequence
            OR (opened_sequence, opened_at) IS NOT (
                SELECT sequence, created_at FROM entry WHERE account_id = a.id AND version = 1)) ORDER BY id""",
    "account {} has a last version and is not closed": """
        SELECT id FROM account WHERE (state = 'CLOSED') <> (closed_version IS NOT NULL) ORDER BY id""",
    "currency {} is of no account": """
        SELECT code FROM currency WHERE code NOT IN (SELECT currency FROM account) ORDER BY code""",
    "audit record {} has an error and succeeded, or none and did not": """
        SELECT sequence FROM audit WHERE (outcome = 'SUCCEEDED') <> (error_code IS NULL) ORDER BY sequence""",
    "account {} is not named or opened by the record that says so": """
        SELECT id FROM account AS a WHERE kind = 'CUSTOMER' AND (opened_sequence, named_sequence) IS NOT (
            SELECT min(sequence), max(sequence) FROM audit_target JOIN audit USING (sequence)
            WHERE target_id = a.id AND outcome = 'SUCCEEDED' AND operation IN ('OPEN_ACCOUNT', 'RENAME_ACCOUNT'))
        ORDER BY id""",
    "the text of audit record {} was blanked by no erasure": """
        SELECT sequence FROM text
        WHERE salt IS NULL AND sequence NOT IN (SELECT sequence FROM erased) ORDER BY sequence""",
    "the text of audit record {} is there again after its erasure": """
        SELECT sequence FROM text
        WHERE salt IS NOT NULL AND sequence IN (SELECT sequence FROM erased) ORDER BY sequence""",
    "account {} and its currency are not known together": """
        SELECT id FROM account LEFT JOIN currency ON currency.code = account.currency
        WHERE currency.code IS NULL ORDER BY id""",
    "what came to account {} does not follow from its entries": """
        SELECT e.account_id FROM entry AS e
        LEFT JOIN turnover AS t ON t.account_id = e.account_id AND t.version = e.version
        LEFT JOIN turnover AS b ON b.account_id = e.account_id AND b.version = e.version - 1
        WHERE (t.credits_high - coalesce(b.credits_high, 0)) * 1000000000 + t.credits_low - coalesce(b.credits_low, 0)
            IS NOT max(e.amount, 0)
        ORDER BY e.account_id, e.version""",
    "what came to account {} belongs to no entry": """
        SELECT account_id FROM turnover LEFT JOIN entry USING (account_id, version)
        WHERE entry.version IS NULL ORDER BY account_id, version""",
    "sweep {} is not all that was left on an account that closed": """
        SELECT t.id FROM "transaction" AS t JOIN entry AS e USING (sequence) JOIN account AS a ON a.id = e.account_id
        WHERE t.kind = 'SWEEP' GROUP BY sequence
        HAVING count(*) <> 2 OR sum(a.kind = 'CUSTOMER') <> 2
            OR sum(e.amount < 0 AND a.closed_version IS e.version AND a.changed_sequence = sequence) <> 1
        ORDER BY sequence""",
}

_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)
_RECORDS = "SELECT * FROM audit WHERE sequence > ? ORDER BY sequence LIMIT ?"


def verify(database: peewee.Database) -> Verified:
    """Prove everything, in one snapshot. Raises FaultFoundError naming the first bad row."""
    connection = database.connection()
    connection.text_factory = _any_text
    try:
        with storage_errors(), database.atomic("DEFERRED"):
            return _prove(database)
    except StorageError as error:
        raise FaultFoundError(f"a row cannot be read: {error}") from error
    finally:
        connection.text_factory = str


def _any_text(text: bytes) -> str:
    """Read also what is no UTF-8, so that its row can be named: as text it then agrees with nothing."""
    return text.decode(errors="surrogateescape")


def _prove(database: peewee.Database) -> Verified:
    _prove_file(database)
    _prove_permissions(database)
    retelling = Retelling(database)
    records = _prove_chain(database, retelling)
    for fault, query in _RULES.items():
        if found := database.execute_sql(query).fetchone():
            raise FaultFoundError(fault.format(found[0]))
    retelling.prove_complete()
    return Verified(records, retelling.transactions, retelling.accounts)


def _prove_file(database: peewee.Database) -> None:
    """Every page and every index is whole: what no query here reads, another one may."""
    ((said,),) = database.execute_sql("PRAGMA integrity_check(1)").fetchall()
    if said != "ok":
        raise FaultFoundError(f"the file is damaged: {' '.join(said.split())}")


def _prove_permissions(database: peewee.Database) -> None:
    for role, operation in sorted(PERMITTED ^ permitted(database)):
        raise FaultFoundError(f"permission {role} {operation} differs from the program's")


def _prove_chain(database: peewee.Database, retelling: Retelling) -> int:
    head = BEGINNING
    while chunk := _records_after(database, head.sequence):
        for record in chunk:
            if fault := _fault_in(record, head):
                raise FaultFoundError(f"audit record {record.sequence} {fault}")
            head = Head(head.batch, record.sequence, record.at, record.hash)
        try:
            retelling.hear(chunk)
        except _UNREADABLE as error:
            raise FaultFoundError(f"what audit record {_unheard(database, chunk)} tells of cannot be read") from error
    return head.sequence


def _fault_in(record: AuditRecord, predecessor: Head) -> str | None:
    try:
        return fault_in(record, predecessor)
    except _UNREADABLE:
        return "cannot be read"


def _unheard(database: peewee.Database, chunk: list[AuditRecord]) -> int:
    """Return the number of the first record that cannot be heard on its own."""
    for record in chunk:
        try:
            Retelling(database).hear([record])
        except (*_UNREADABLE, FaultFoundError):
            return record.sequence
    return chunk[0].sequence


def _records_after(database: peewee.Database, sequence: int) -> list[AuditRecord]:
    return [_read(row) for row in database.execute_sql(_RECORDS, (sequence, CHUNK)).fetchall()]


def _read(row: rows.Row) -> AuditRecord:
    try:
        return rows.audit_record(row)
    except _UNREADABLE as error:
        raise FaultFoundError(f"audit record {row[0]} cannot be read") from error
