"""Files that are damaged, or cannot be written: refused in words, or named by `verify`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

import peewee
import pytest

from domain.ports import StorageError
from persistence import database, verification
from persistence.database import DatabaseRefusedError
from persistence.retelling import FaultFoundError
from persistence.statements import storage_errors
from tests.support import raw

PAGE = 4096


def root_of(books: Path, name: str) -> int:
    """Return where the first page of a table or an index begins."""
    ((number,),) = raw.query(books, "SELECT rootpage FROM sqlite_schema WHERE name = ?", name)
    return int(number - 1) * PAGE


def overwrite(books: Path, offset: int, content: bytes) -> None:
    with books.open("r+b") as file:
        file.seek(offset)
        file.write(content)


def test_a_damaged_index_is_found_although_every_row_is_whole(books: Path) -> None:
    start = root_of(books, "audit_by_operation")
    page = books.read_bytes()[start : start + PAGE]
    overwrite(books, start, page.replace(b"DEPOSIT", b"DEPOSED"))
    with (
        closing(database.connect_reader(books)) as reading,
        pytest.raises(FaultFoundError, match="the file is damaged"),
    ):
        verification.verify(reading)


START: Mapping[str, Callable[[peewee.SqliteDatabase], None]] = {
    "migration": database.refuse_unfit,
    "permission": database.refuse_unfit,
    "currency": lambda writing: database.refuse_other_exponents(writing, {}),
}


@pytest.mark.parametrize("table", START)
def test_a_damaged_table_that_a_start_needs_is_refused_in_words(table: str, books: Path) -> None:
    overwrite(books, root_of(books, table), b"\xff" * 100)
    why = "the database cannot be read: database disk image is malformed"
    with closing(database.connect_writer(books)) as writing, pytest.raises(DatabaseRefusedError, match=why):
        START[table](writing)


@pytest.mark.parametrize("connect", [database.connect_writer, database.connect_reader])
def test_a_damaged_schema_is_refused_although_it_is_no_text(
    connect: Callable[[Path], peewee.SqliteDatabase], books: Path
) -> None:
    content = books.read_bytes()
    overwrite(books, content.index(b"CREATE TABLE batch"), b"\xed" * 12)
    with pytest.raises(DatabaseRefusedError, match="the file cannot be read as a database"):
        connect(books).close()


def test_what_the_database_quotes_and_is_no_text_is_a_failure_of_storage() -> None:
    with pytest.raises(StorageError, match="no text"), storage_errors():
        b"\xed".decode()


@pytest.mark.parametrize("is_missing", [True, False])
def test_a_log_without_its_file_is_refused_and_kept(is_missing: bool, books: Path) -> None:
    log = books.with_name("books.db-wal")
    log.write_bytes(b"the newest deeds")
    if is_missing:
        books.unlink()
    else:
        books.write_bytes(b"")
    with pytest.raises(DatabaseRefusedError, match="missing or empty, and its write-ahead log is not"):
        database.connect_writer(books)
    assert log.read_bytes() == b"the newest deeds"


def test_a_file_that_nobody_may_write_is_refused(books: Path) -> None:
    before = raw.contents_of(books)
    connection = peewee.SqliteDatabase(f"file:{books}?mode=ro", uri=True)
    with pytest.raises(DatabaseRefusedError, match="the database cannot be written: attempt to write a readonly"):
        database.refuse_read_only(connection)
    connection.close()
    assert raw.contents_of(books) == before


def test_a_file_that_can_be_written_is_not_written_for_it(books: Path) -> None:
    with closing(database.connect_writer(books)) as writing:
        before = writing.execute_sql("PRAGMA data_version").fetchone()
        database.refuse_read_only(writing)
        assert writing.connection().in_transaction is False
        assert writing.execute_sql("PRAGMA data_version").fetchone() == before
