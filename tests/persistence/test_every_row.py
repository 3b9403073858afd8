"""Every row of every table, one at a time: copied, swapped with another, cut off with all after it; found, and named.

The tables and their columns are those of persistence/tables.py, so none that is added there can be forgotten here.
"""

# ruff: noqa: S608 - nothing here comes from outside
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any

import peewee
import pytest

from domain.access import Role
from domain.services.api_clients import DisableApiClient, RevokeApiKey
from persistence import verification
from persistence.retelling import FaultFoundError
from persistence.tables import TABLES
from tests.persistence.tampering import fill, opened_unguarded
from tests.support.books import TestLedger, migrated

Key = tuple[Any, ...]

UNCOPIED: Mapping[str, str] = {
    "permission": "there is no role or operation that it could name: the program knows them all",
}
"""Tables of which a copy makes no sense, and why."""

ALSO_UNIQUE: Mapping[str, tuple[str, ...]] = {
    "batch": ("at",),
    "api_client": ("name",),
    "account": ("reference",),
    "transaction": ("id",),
    "reversal": ("sequence",),
}
"""What must differ in the copy of a row beside the key."""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peewee.SqliteDatabase]:
    """Give books with rows in every table, of which no trigger, foreign key or check is left."""
    path = tmp_path_factory.mktemp("every_row") / "books.db"
    ledger = TestLedger(migrated(path))
    fill(ledger)
    vault = ledger.caller(Role.MANAGER, "vault")
    ledger.succeed(RevokeApiKey(api_key_id=vault.api_key_id or ""))
    ledger.succeed(DisableApiClient(api_client_id=vault.api_client_id))
    ledger.database.close()
    yield from opened_unguarded(path, ignore_check_constraints=1)


def name_of(table: type[peewee.Model]) -> str:
    return f'"{table._meta.table_name}"'


def keys_of(table: type[peewee.Model]) -> list[str]:
    return [field.column_name for field in table._meta.get_primary_keys()]


def is_row(table: type[peewee.Model]) -> str:
    return " AND ".join(f"{key} = ?" for key in keys_of(table))


def rows_of(books: peewee.SqliteDatabase, table: type[peewee.Model]) -> list[Key]:
    """Return the keys of all rows, in their order."""
    keys = ", ".join(keys_of(table))
    return list(books.execute_sql(f"SELECT {keys} FROM {name_of(table)} ORDER BY {keys}").fetchall())


def fault_after(books: peewee.SqliteDatabase, *statements: tuple[str, Key]) -> str | None:
    """Change the books, verify, undo; return the fault that was found, None if nothing was."""
    with books.atomic() as undone:
        try:
            for sql, values in statements:
                assert books.execute_sql(sql, values).rowcount != 0, sql
            verification.verify(books)
        except FaultFoundError as fault:
            return str(fault)
        finally:
            undone.rollback()
    return None


def test_the_books_have_rows_in_every_table(books: peewee.SqliteDatabase) -> None:
    assert [table for table in TABLES if not rows_of(books, table)] == []
    verification.verify(books)


def copy_of(table: type[peewee.Model], row: Key) -> tuple[str, Key]:
    """Insert a row again, under a key that no row has."""
    columns = [field.column_name for field in table._meta.sorted_fields]
    changed = {keys_of(table)[-1], *ALSO_UNIQUE.get(table._meta.table_name, ())}
    chosen = ", ".join(_other(table, column) if column in changed else column for column in columns)
    name, into = name_of(table), ", ".join(columns)
    return f"INSERT INTO {name} ({into}) SELECT {chosen} FROM {name} WHERE {is_row(table)}", row


def _other(table: type[peewee.Model], column: str) -> str:
    """Return an expression for a value that no other row has in a column."""
    is_number = isinstance(table._meta.fields[column], peewee.BigIntegerField)
    return f"{column} + 100000" if is_number else f"substr({column}, 1, length({column}) - 1) || '~'"


@pytest.mark.parametrize("table", [table for table in TABLES if table._meta.table_name not in UNCOPIED])
def test_a_row_that_is_there_twice_is_found(table: type[peewee.Model], books: peewee.SqliteDatabase) -> None:
    unfound = [row for row in rows_of(books, table) if fault_after(books, copy_of(table, row)) is None]
    assert unfound == []


NUMBERED = ("audit", "text", "transaction", "idempotency")
"""Tables of which each row is of one audit record. The first that is wrong is the one to be named."""


def first_of(books: peewee.SqliteDatabase, table: type[peewee.Model], rows: Iterable[Key]) -> int | None:
    """Return the number of the first record that rows are of, where rows are of one each."""
    if table._meta.table_name not in NUMBERED:
        return None
    sql = f"SELECT sequence FROM {name_of(table)} WHERE {is_row(table)}"
    return min(int(books.execute_sql(sql, row).fetchone()[0]) for row in rows)


def is_named(first: int | None, fault: str | None) -> bool:
    """Tell whether a fault was found, and is of that record."""
    return fault is not None and (first is None or f"audit record {first} " in f"{fault} ")


ALL_KEY = ("audit_target", "permission")
"""Tables whose rows are nothing but their key: of two that were swapped nothing shows, since nothing has changed."""


def swaps_of(table: type[peewee.Model], one: Key, other: Key) -> list[tuple[str, Key]]:
    """Give each of two rows the key of the other. What else is unique goes with them."""
    keys = keys_of(table)
    aside = (*one[:-1], -1 if isinstance(one[-1], int) else "aside")
    sql = f"UPDATE {name_of(table)} SET ({', '.join(keys)}) = ({', '.join('?' * len(keys))}) WHERE {is_row(table)}"
    return [(sql, (*aside, *one)), (sql, (*one, *other)), (sql, (*other, *aside))]


def contents(books: peewee.SqliteDatabase, table: type[peewee.Model], row: Key) -> Key:
    """Return what is in a row beside its key."""
    names = [field.column_name for field in table._meta.sorted_fields if field.column_name not in keys_of(table)]
    found = books.execute_sql(f"SELECT {', '.join(names)} FROM {name_of(table)} WHERE {is_row(table)}", row)
    return tuple(found.fetchone())


@pytest.mark.parametrize("table", [table for table in TABLES if table._meta.table_name not in ALL_KEY])
def test_two_rows_that_were_swapped_are_found(table: type[peewee.Model], books: peewee.SqliteDatabase) -> None:
    rows = rows_of(books, table)
    pairs = [(one, other) for one, other in (*pairwise(rows), (rows[0], rows[-1]))]
    differing = [pair for pair in pairs if contents(books, table, pair[0]) != contents(books, table, pair[1])]
    assert differing
    for pair in differing:
        fault = fault_after(books, *swaps_of(table, *pair))
        assert is_named(first_of(books, table, pair), fault), (pair, fault)


@pytest.mark.parametrize("table", TABLES)
def test_an_end_that_is_cut_off_is_found(table: type[peewee.Model], books: peewee.SqliteDatabase) -> None:
    rows, keys = rows_of(books, table), keys_of(table)
    cut = f"DELETE FROM {name_of(table)} WHERE ({', '.join(keys)}) >= ({', '.join('?' * len(keys))})"
    for number, row in enumerate(rows):
        fault = fault_after(books, (cut, row))
        assert is_named(first_of(books, table, rows[number:]), fault), (row, fault)
