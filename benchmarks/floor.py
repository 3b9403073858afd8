"""The floor: the rows that this server writes for deposits, written again by sqlite3 alone.

A file is filled by the real writer, batch by batch; the rows of each batch are read back and inserted, table by table,
with executemany, one transaction a batch, into a file that stands where the first one stood before. All constraints and
triggers are in place and the pragmas are the server's; nothing is decided, hashed, parsed or answered. The result is
the same books: `verify` accepts them.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import peewee

from application import SystemClock, SystemEntropy, TypeIds
from benchmarks.books import EUR
from domain.access import SYSTEM
from domain.money import Money
from domain.ports import Request
from domain.services.batches import BatchItem, BatchMode, ExecuteBatch
from domain.services.movements import Deposit
from persistence import database
from persistence.batches import BatchWriter

Row = tuple[Any, ...]

TABLES = ("audit", "text", "idempotency", "transaction", "entry")
"""In the order in which the server writes them. Triggers fill audit_target."""

_CHANGE = "UPDATE account SET posted = ?, version = ?, changed_sequence = ? WHERE id = ?"
_CHANGED = """
SELECT balance_after, max(version), sequence, account_id FROM entry WHERE sequence BETWEEN ? AND ? GROUP BY account_id
"""


@dataclass(frozen=True)
class Written:
    """What one batch wrote: statements, each with its rows."""

    statements: Sequence[tuple[str, list[Row]]]


def deposit(path: Path, account_ids: Sequence[str], batches: int, items: int) -> None:
    """Let the real writer deposit: so many batches, each one executeBatch of so many items, or one deposit."""
    with closing(database.connect_writer(path)) as connection:
        writer = BatchWriter(connection, clock=SystemClock(), ids=TypeIds(), entropy=SystemEntropy())
        for batch in range(batches):
            chosen = [account_ids[(batch * items + item) % len(account_ids)] for item in range(items)]
            deposits = [Deposit(account_id=id_, amount=Money(100, EUR)) for id_ in chosen]
            outcomes = writer.run([_request(f"floor-{batch}", deposits)])
            if not all(getattr(outcome, "is_success", False) for outcome in outcomes):
                raise RuntimeError(f"what should be measured was refused: {outcomes}")


def _request(key: str, deposits: Sequence[Deposit]) -> Request:
    if len(deposits) == 1:
        return Request(SYSTEM, key, deposits[0])
    items = tuple(BatchItem.of(f"{key}-{number}", one) for number, one in enumerate(deposits))
    return Request(SYSTEM, key, ExecuteBatch(mode=BatchMode.INDEPENDENT, items=items))


def read_back(path: Path, after: int) -> list[Written]:
    """Return what the batches after that number wrote."""
    with closing(database.connect_reader(path)) as connection:
        batches = connection.execute_sql("SELECT * FROM batch WHERE number > ? ORDER BY number", (after,)).fetchall()
        return [_written(connection, batch) for batch in batches]


def _written(connection: peewee.SqliteDatabase, batch: Row) -> Written:
    span = batch[1:3]
    statements = [
        (_insertion(table, rows[0]), rows)
        for table in TABLES
        if (rows := connection.execute_sql(_rows_of(table), span).fetchall())
    ]
    changed = connection.execute_sql(_CHANGED, span).fetchall()
    return Written([*statements, (_CHANGE, changed), (_insertion("batch", batch), [batch])])


def _rows_of(table: str) -> str:
    return f'SELECT * FROM "{table}" WHERE sequence BETWEEN ? AND ? ORDER BY sequence'  # noqa: S608 - one of TABLES


def _insertion(table: str, row: Row) -> str:
    return f'INSERT INTO "{table}" VALUES ({", ".join("?" * len(row))})'  # noqa: S608 - one of TABLES


def last_batch(path: Path) -> int:
    with closing(database.connect_reader(path)) as connection:
        (number,) = connection.execute_sql("SELECT max(number) FROM batch").fetchone()
    return int(number)


def replay(path: Path, batches: Sequence[Written]) -> float:
    """Write the batches again, one transaction each; return how many seconds that took."""
    with closing(database.connect_writer(path)) as connection:
        raw = connection.connection()
        began = perf_counter()
        for batch in batches:
            raw.execute("BEGIN IMMEDIATE")
            for statement, rows in batch.statements:
                raw.executemany(statement, rows)
            raw.execute("COMMIT")
        return perf_counter() - began
