from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path

import peewee
import pytest

from domain.money import Currency
from persistence import database, migrations
from persistence.database import DatabaseRefusedError, ServerLock
from persistence.library import sqlite3
from persistence.statements import Statement
from persistence.tables import TABLES
from tests.support import raw
from tests.support.books import EUR, JPY

EVERY_CONNECTION: Mapping[str, int | str] = {
    "journal_mode": "wal",
    "synchronous": 2,
    "fullfsync": 1,
    "checkpoint_fullfsync": 1,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,
    "journal_size_limit": 64 * 1024 * 1024,
    "cache_size": -64 * 1024,
    "temp_store": 2,
    "locking_mode": "normal",
    "busy_timeout": 5000,
}
CONNECTIONS: Mapping[Callable[[Path], peewee.SqliteDatabase], Mapping[str, int | str]] = {
    database.connect_writer: {"query_only": 0, "wal_autocheckpoint": 1000},
    database.connect_beside: {"query_only": 0, "wal_autocheckpoint": 0},
    database.connect_reader: {"query_only": 1, "wal_autocheckpoint": 0},
}
BEHIND = f"the schema is {len(migrations.all_migrations())} migration(s) behind: run `python main.py migrate`"
KNOWN = {currency.code: currency for currency in (EUR, JPY, Currency("USD", 2))}


@pytest.mark.parametrize("connect", CONNECTIONS)
def test_every_pragma_is_in_force(connect: Callable[[Path], peewee.SqliteDatabase], books: Path) -> None:
    expected = {**EVERY_CONNECTION, **CONNECTIONS[connect]}
    connection = connect(books)
    for _ in ("as opened", "and after it was closed and opened again"):
        assert {name: connection.pragma(name) for name in expected} == expected
        connection.close()
        connection.connect()
    connection.close()


def refused(why: str) -> AbstractContextManager[object]:
    """Expect a refusal in exactly these words."""
    return pytest.raises(DatabaseRefusedError, match=f"^{re.escape(why)}$")


def serve(path: Path) -> None:
    """Do what a server does before it serves."""
    connection = database.connect_writer(path)
    try:
        database.refuse_unfit(connection)
        database.refuse_other_exponents(connection, KNOWN)
    finally:
        connection.close()


def test_books_as_they_should_be_are_served(books: Path) -> None:
    before = raw.contents_of(books)
    serve(books)
    assert raw.contents_of(books) == before


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Ada, " * 500)
    with refused("the file cannot be read as a database: file is not a database"):
        serve(path)
    assert path.read_text() == "Dear Ada, " * 500


def test_a_damaged_header_is_refused(books: Path) -> None:
    with books.open("r+b") as file:
        file.write(b"\xff" * 16)
    with refused("the file cannot be read as a database: file is not a database"):
        serve(books)


@pytest.mark.parametrize("journal", ["delete", "wal"])
@pytest.mark.parametrize("connect", CONNECTIONS)
def test_a_database_of_another_program_is_refused_and_left_alone(
    connect: Callable[[Path], peewee.SqliteDatabase], journal: str, tmp_path: Path
) -> None:
    path = tmp_path / "other.db"
    raw.run(path, f"PRAGMA journal_mode = {journal}", "CREATE TABLE customer (id)", "INSERT INTO customer VALUES (1)")
    before = path.read_bytes()
    with refused("the file is a database, but not one of Countinghouse"):
        connect(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("connect", CONNECTIONS)
def test_an_empty_file_is_nobody_elses(connect: Callable[[Path], peewee.SqliteDatabase], tmp_path: Path) -> None:
    (tmp_path / "books.db").touch()
    connect(tmp_path / "books.db").close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("PRAGMA application_id = 1", "the file is a database, but not one of Countinghouse"),
        ("INSERT INTO migration VALUES (9999, 'later', '')", "the database is newer than this program"),
        ("UPDATE migration SET checksum = ''", "migration 1 is not the one that was applied"),
        ("DELETE FROM migration", BEHIND),
        ("DROP TABLE migration", BEHIND),
        (
            "DROP TRIGGER account_closed_is_terminal",
            "the schema is not as it was made: trigger account_closed_is_terminal is missing",
        ),
        ("INSERT INTO currency VALUES ('USD', 3)", "currency USD is kept with 3 decimals, and the program differs"),
        ("INSERT INTO currency VALUES ('BYB', 0)", "currency BYB is kept with 0 decimals, and the program differs"),
    ],
)
def test_books_that_are_not_as_they_should_be_are_refused_in_one_line(change: str, why: str, books: Path) -> None:
    raw.run(books, change)
    before = raw.contents_of(books)
    with refused(why):
        serve(books)
    assert raw.contents_of(books) == before


def test_a_new_file_is_pending_until_it_is_migrated(tmp_path: Path) -> None:
    with refused(BEHIND):
        serve(tmp_path / "books.db")


@pytest.mark.parametrize("connect", CONNECTIONS)
def test_a_missing_folder_is_named(connect: Callable[[Path], peewee.SqliteDatabase], tmp_path: Path) -> None:
    with refused(f"there is no folder {tmp_path}/nowhere"):
        connect(tmp_path / "nowhere" / "books.db")


@pytest.mark.parametrize("connect", CONNECTIONS)
def test_a_folder_is_not_a_database(connect: Callable[[Path], peewee.SqliteDatabase], tmp_path: Path) -> None:
    with refused(f"{tmp_path} is not a file"):
        connect(tmp_path)


@pytest.mark.parametrize("connect", CONNECTIONS)
def test_a_link_to_nowhere_is_not_a_database(connect: Callable[[Path], peewee.SqliteDatabase], tmp_path: Path) -> None:
    (tmp_path / "books.db").symlink_to(tmp_path / "nowhere" / "books.db")
    with refused("the database cannot be opened: unable to open database file"):
        connect(tmp_path / "books.db")


WRITES = (
    "DELETE FROM migration",
    "UPDATE account SET held = 0",
    "CREATE TABLE extra (x)",
    "DROP TABLE reversal",
    "PRAGMA user_version = 7",
    "VACUUM",
)


@pytest.mark.parametrize("sql", WRITES)
def test_a_reader_cannot_write(sql: str, books: Path) -> None:
    before = raw.contents_of(books)
    connection = database.connect_reader(books)
    with pytest.raises(peewee.OperationalError, match="readonly"):
        connection.execute_sql(sql)
    connection.close()
    assert raw.contents_of(books) == before


def test_a_reader_sees_what_is_committed_and_never_waits(books: Path) -> None:
    writer, reader = database.connect_writer(books), database.connect_reader(books)
    count = Statement(TABLES[0].select(peewee.fn.COUNT(peewee.SQL("*"))))
    with writer.atomic("IMMEDIATE"):
        writer.execute_sql("INSERT INTO currency VALUES ('USD', 2)")
        assert reader.execute_sql("SELECT * FROM currency WHERE code = 'USD'").fetchall() == []
        assert count(reader) == count(writer)
    assert reader.execute_sql("SELECT * FROM currency WHERE code = 'USD'").fetchall() == [("USD", 2)]
    writer.close()
    reader.close()


@pytest.mark.parametrize("connect", [database.connect_writer, database.connect_reader])
def test_a_connection_prepares_a_statement_once(books: Path, connect: Callable[[Path], peewee.SqliteDatabase]) -> None:
    connection, prepared = connect(books), list[object]()

    def authorize(*asked: object) -> int:
        prepared.append(asked)
        return int(sqlite3.SQLITE_OK)

    connection.connection().set_authorizer(authorize)
    statements = [f"SELECT number + {number} FROM migration" for number in range(300)]  # noqa: S608 - a number
    for sql in statements:
        connection.execute_sql(sql).fetchall()
    assert prepared
    prepared.clear()
    for sql in statements:
        connection.execute_sql(sql).fetchall()
    assert prepared == []
    connection.close()


def test_one_server_has_the_file_at_a_time(tmp_path: Path) -> None:
    first = ServerLock(tmp_path / "books.db")
    with refused("another server has this database open"):
        ServerLock(tmp_path / "books.db")
    ServerLock(tmp_path / "other.db").release()
    first.release()
    ServerLock(tmp_path / "books.db").release()


def test_a_refused_server_keeps_no_descriptor(tmp_path: Path) -> None:
    first = ServerLock(tmp_path / "books.db")
    open_before = len(list(Path("/dev/fd").iterdir()))
    with pytest.raises(DatabaseRefusedError):
        ServerLock(tmp_path / "books.db")
    assert len(list(Path("/dev/fd").iterdir())) == open_before
    first.release()


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path: Path) -> None:
    path = tmp_path / "books.db"
    hold = f"from persistence.database import *; ServerLock(Path({str(path)!r})); print('held', flush=True); input()"
    command = [sys.executable, "-c", hold.replace("ServerLock(", "lock = ServerLock(")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout
        assert server.stdout.readline() == b"held\n"
        with pytest.raises(DatabaseRefusedError):
            ServerLock(path)
        server.kill()
    ServerLock(path).release()


def test_a_lock_is_not_inherited(tmp_path: Path) -> None:
    lock = ServerLock(tmp_path / "books.db")
    assert fcntl.fcntl(lock._descriptor, fcntl.F_GETFD) & fcntl.FD_CLOEXEC
    lock.release()


@pytest.mark.parametrize("target", ["books.db", "nowhere/../books.db"])
def test_a_link_leads_to_the_same_lock(target: str, tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to(tmp_path / target)
    lock = ServerLock(tmp_path / "books.db")
    with refused("another server has this database open"):
        ServerLock(tmp_path / "link.db")
    lock.release()
    ServerLock(tmp_path / "link.db").release()
