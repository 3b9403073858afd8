"""What `verify` proves, and how it names the first row that somebody has tampered with."""

# ruff: noqa: S608 - nothing here comes from outside
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import peewee
import pytest

from domain.access import Role
from domain.ports import StorageError
from domain.services.api_clients import (
    DisableApiClient,
    RevokeApiKey,
)
from domain.services.erasures import EraseText
from persistence import database, verification
from persistence.library import sqlite3
from persistence.retelling import FaultFoundError
from persistence.tables import TABLES
from persistence.verification import Verified
from tests.persistence.tampering import CLOSED, DEPOSITED, LAST, Tampering, fault_after, fill, opened_unguarded
from tests.persistence.tamperings import RULED_OUT, TAMPERINGS, UNPROVABLE, UNREAD
from tests.support.books import TestLedger, migrated

BREAKS = (ValueError, TypeError, KeyError, StorageError, peewee.PeeweeException, sqlite3.Error)


@pytest.fixture(scope="module")
def unguarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peewee.SqliteDatabase]:
    """Give verified books with every trigger gone and no foreign keys; whatever a test does to them is undone."""
    path = tmp_path_factory.mktemp("verification") / "books.db"
    ledger = TestLedger(migrated(path))
    fill(ledger)
    ledger.database.close()
    yield from opened_unguarded(path)


def test_untouched_books_are_proved_and_counted(unguarded: peewee.SqliteDatabase) -> None:
    assert verification.verify(unguarded) == Verified(records=LAST, transactions=9, accounts=8)


def test_new_books_are_proved_and_empty(tmp_path: Path) -> None:
    connection = migrated(tmp_path / "books.db")
    assert verification.verify(connection) == Verified(records=0, transactions=0, accounts=0)
    connection.close()


def test_a_reader_proves_more_records_than_fit_into_one_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verification, "CHUNK", 3)
    ledger = TestLedger(migrated(tmp_path / "books.db"))
    fill(ledger)
    ledger.database.close()
    reader = database.connect_reader(tmp_path / "books.db")
    assert verification.verify(reader) == Verified(records=LAST, transactions=9, accounts=8)
    reader.close()


def test_a_resealed_chain_of_untouched_records_is_the_same_chain(unguarded: peewee.SqliteDatabase) -> None:
    assert fault_after(Tampering("nothing", "", (), resealed=True), unguarded) is None


@pytest.mark.parametrize("tampering", TAMPERINGS, ids=str)
def test_tampering_is_found_and_named(tampering: Tampering, unguarded: peewee.SqliteDatabase) -> None:
    assert fault_after(tampering, unguarded) == tampering.fault


@pytest.mark.parametrize("tampering", UNPROVABLE, ids=str)
def test_what_takes_a_secret_or_an_anchor_outside_goes_unseen(
    tampering: Tampering, unguarded: peewee.SqliteDatabase
) -> None:
    assert fault_after(tampering, unguarded) is None


@pytest.mark.parametrize("change", RULED_OUT)
def test_what_only_a_rule_shows_is_found(change: str, unguarded: peewee.SqliteDatabase) -> None:
    assert fault_after(Tampering(change, "", (RULED_OUT[change],)), unguarded) is not None


@pytest.mark.parametrize("change", UNREAD)
def test_tampering_is_named_even_where_rows_cannot_be_read(change: str, unguarded: peewee.SqliteDatabase) -> None:
    statement, fault = UNREAD[change]
    assert fault_after(Tampering(change, fault, (statement,)), unguarded) == fault


@pytest.mark.parametrize(
    "change", ["'x'", "'{}'", "json_remove(details, '$.result')", "json_remove(details, '$.input')"]
)
def test_resealed_details_that_cannot_be_read_are_named(change: str, unguarded: peewee.SqliteDatabase) -> None:
    statement = f"UPDATE audit SET details = {change} WHERE sequence = {DEPOSITED}"
    assert fault_after(Tampering(change, "", (statement,), resealed=True), unguarded) is not None


# Every column and every row, one at a time.

CHANGES: Mapping[type[peewee.Field], tuple[str, ...]] = {
    peewee.BigIntegerField: ("NULL", "{0} + 1", "{0} - 1", "0", "1"),
    peewee.TextField: ("NULL", "{0} || 'x'", "''", "'x'"),
}
ANOTHER = "(SELECT other.{0} FROM {1} AS other WHERE other.{0} IS NOT {1}.{0} LIMIT 1)"
"""What a column is changed to: these, and what another row has in it."""


@pytest.fixture(scope="module")
def unchecked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[peewee.SqliteDatabase]:
    """Give books with more people in them and a text erased; no triggers, foreign keys or checks guard them."""
    path = tmp_path_factory.mktemp("everything") / "books.db"
    ledger = TestLedger(migrated(path))
    fill(ledger)
    vault = ledger.caller(Role.MANAGER, "vault")
    ledger.succeed(RevokeApiKey(api_key_id=vault.api_key_id or ""))
    ledger.succeed(DisableApiClient(api_client_id=vault.api_client_id))
    ledger.succeed(EraseText(account_id=CLOSED))
    ledger.database.close()
    yield from opened_unguarded(path, ignore_check_constraints=1)


def _columns() -> Iterator[Any]:
    for table in TABLES:
        for field in table._meta.sorted_fields:
            name = f"{table._meta.table_name}.{field.column_name}"
            if name != "api_key.secret_digest":
                yield pytest.param(field, id=name)


def _updates(field: peewee.Field) -> Iterator[str]:
    """Yield the start of every UPDATE of a column; each leaves out rows that it would not change."""
    name, table = field.column_name, f'"{field.model._meta.table_name}"'
    for change in (*CHANGES[type(field)], ANOTHER):
        value = change.format(name, table)
        yield f"UPDATE {table} SET {name} = {value} WHERE {name} IS NOT {value} AND "


def _unfound(books: peewee.SqliteDatabase, table: type[peewee.Model], starts: Iterable[str]) -> list[str]:
    """Do each statement to each row of a table; return those whose fault was not found."""
    meta = table._meta
    keys = [field.column_name for field in meta.get_primary_keys()]
    is_row = " AND ".join(f"{key} = ?" for key in keys)
    rows = books.execute_sql(f'SELECT {", ".join(keys)} FROM "{meta.table_name}"').fetchall()
    tried = [(start, row, _try(books, start + is_row, row)) for start in starts for row in rows]
    assert any(outcome is not None for _, _, outcome in tried)
    return [f"{start}{row}: {outcome}" for start, row, outcome in tried if outcome not in {None, "found"}]


def _try(books: peewee.SqliteDatabase, statement: str, row: tuple[Any, ...]) -> str | None:
    """Return what became of a tampering; None if the schema did not allow it, or nothing changed."""
    with books.atomic() as undone:
        try:
            if not books.execute_sql(statement, row).rowcount:
                return None
            verification.verify(books)
        except FaultFoundError:
            return "found"
        except peewee.IntegrityError:
            return None
        except BREAKS as error:
            return repr(error)
        finally:
            undone.rollback()
    return "clean"


def test_the_books_of_these_tests_have_rows_in_every_table(unchecked: peewee.SqliteDatabase) -> None:
    filled = {
        table
        for table in TABLES
        if unchecked.execute_sql(f'SELECT 1 FROM "{table._meta.table_name}" LIMIT 1').fetchone()
    }
    assert filled == set(TABLES)
    assert verification.verify(unchecked) == Verified(records=LAST + 5, transactions=9, accounts=8)


@pytest.mark.parametrize("field", list(_columns()))
def test_a_change_of_any_column_is_found(field: peewee.Field, unchecked: peewee.SqliteDatabase) -> None:
    assert _unfound(unchecked, field.model, _updates(field)) == []


@pytest.mark.parametrize("table", TABLES)
def test_the_deletion_of_any_row_is_found(table: type[peewee.Model], unchecked: peewee.SqliteDatabase) -> None:
    assert _unfound(unchecked, table, [f'DELETE FROM "{table._meta.table_name}" WHERE ']) == []
