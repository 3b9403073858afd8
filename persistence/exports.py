"""Exports: the books as lines of JSON in the order of the ledger, for any other program, and for the way back.

Each line is one row: its table, and its columns by name, in the canonical form of domain/records.py. The first line
says of which form and schema they are. Then come the audit records by number, each followed by what it brought about,
and each batch after its last record; then how everything stands. The last line counts them and has the SHA-256 of all
the lines before it, so that an export that was cut off is told from a whole one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from heapq import merge
from operator import itemgetter
from typing import Any

import peewee

from domain.records import to_bytes
from persistence import migrations
from persistence.statements import Statement, storage_errors
from persistence.tables import (
    Account,
    ApiClient,
    ApiKey,
    Audit,
    AuditTarget,
    Batch,
    Currency,
    Entry,
    Freeze,
    Hold,
    Idempotency,
    Permission,
    Reversal,
    Table,
    Text,
    Transaction,
    Turnover,
)

FORM = 1
FIRST, LAST = "export", "end"
"""What the first line and the last are about, where the others have a table."""

Row = tuple[Any, ...]

LEDGER: Sequence[tuple[type[Table], Any, Sequence[Any]]] = (
    (Audit, Audit.sequence, [Audit.sequence]),
    (Text, Text.sequence, [Text.sequence]),
    (
        Idempotency,
        Idempotency.sequence,
        [Idempotency.sequence, Idempotency.api_client_id, Idempotency.operation, Idempotency.key],
    ),
    (Transaction, Transaction.sequence, [Transaction.sequence]),
    (Entry, Entry.sequence, [Entry.sequence, Entry.account_id, Entry.version]),
    (Reversal, Reversal.sequence, [Reversal.sequence]),
    (Batch, Batch.last_sequence, [Batch.number]),
)
"""What is only ever added to: the record that a row belongs to, and an order by it for which there is an index."""

STANDING: Sequence[type[Table]] = (Currency, ApiClient, ApiKey, Account, Hold, Freeze)
"""What changes: as it stands."""

DERIVED: Sequence[type[Table]] = (AuditTarget, Turnover, Permission)
"""What follows from the rest: two indexes that triggers keep, and what the program itself permits."""

EXPORTED = (*(table for table, _, _ in LEDGER), *STANDING)


def name_of(table: type[Table]) -> str:
    """Return the name of a table."""
    name: str = table._meta.table_name  # noqa: SLF001 - Peewee's name for its metadata
    return name


def columns_of(table: type[Table]) -> dict[str, Any]:
    """Return the columns of a table, in their order, by name."""
    return {field.column_name: field for field in table._meta.sorted_fields}  # noqa: SLF001 - as above


def exported(database: peewee.SqliteDatabase) -> Iterator[bytes]:
    """Yield the lines, all from one snapshot, in as little memory as one of them takes. Raises StorageError."""
    digest = hashlib.sha256()
    counts: Counter[str] = Counter()
    with storage_errors(), database.atomic("DEFERRED"):
        for name, content in _told(database):
            line = line_of(name, content)
            digest.update(line)
            counts[name] += 1
            yield line
    yield last_line(counts, digest.hexdigest())


def line_of(name: str, content: object) -> bytes:
    """Write a line."""
    return to_bytes({name: content}) + b"\n"


def last_line(counts: Counter[str], sha256: str) -> bytes:
    """Write the line that closes an export: how many lines there were of what, and what they hash to."""
    return line_of(LAST, {"lines": dict(counts), "sha256": sha256})


def first_content(database: peewee.SqliteDatabase) -> dict[str, int]:
    """Return what the first line tells of books: the form of the lines, and the newest migration of the schema."""
    return {"form": FORM, "migration": migrations.newest_applied(database)}


def _told(database: peewee.SqliteDatabase) -> Iterator[tuple[str, object]]:
    yield FIRST, first_content(database)
    ledger = (_in_ledger_order(database, place) for place in range(len(LEDGER)))
    for _, _, name, content in merge(*ledger, key=itemgetter(0, 1)):
        yield name, content
    for table in STANDING:
        names = columns_of(table)
        key = table._meta.get_primary_keys()  # noqa: SLF001 - as above
        query = Statement(table.select(*names.values()).order_by(*key))
        for row in database.execute_sql(query.text):
            yield name_of(table), dict(zip(names, row, strict=True))


def _in_ledger_order(database: peewee.SqliteDatabase, place: int) -> Iterator[tuple[int, int, str, object]]:
    """Yield the rows of a table by the number of their record, each with that and the table's place beside others."""
    table, sequence, order = LEDGER[place]
    names = columns_of(table)
    query = Statement(table.select(sequence, *names.values()).order_by(*order))
    for number, *row in database.execute_sql(query.text):
        yield number, place, name_of(table), dict(zip(names, row, strict=True))
