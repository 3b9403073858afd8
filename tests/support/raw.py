"""The books behind the program's back: raw connections, everything that is in a file, and statements that fail.

A file that a ledger has open is touched only through the library that the ledger uses: two copies of SQLite in one
process do not see each other's locks.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import peewee

from persistence import library

Contents = dict[str, list[tuple[Any, ...]]]

SCHEMA = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type, name"


def connect(path: Path | str, *, guarded: bool = False, sqlite: ModuleType = library.sqlite3) -> sqlite3.Connection:
    """Return a connection as a SQLite shell would have it, unless guarded: no pragma protects the books."""
    connection: sqlite3.Connection = sqlite.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA foreign_keys = {guarded:d}")
    connection.execute(f"PRAGMA recursive_triggers = {guarded:d}")
    return connection


def in_memory(path: Path, *, guarded: bool = False, sqlite: ModuleType = library.sqlite3) -> sqlite3.Connection:
    """Return a raw connection to a copy of the books that nobody else sees."""
    source, copy = connect(path, sqlite=sqlite), connect(":memory:", guarded=guarded, sqlite=sqlite)
    source.backup(copy)
    source.close()
    return copy


@contextmanager
def undone(connection: sqlite3.Connection) -> Iterator[None]:
    """Undo whatever happens within: changes of the schema, and checks that were switched off. Can be nested."""
    connection.execute("SAVEPOINT undone")
    try:
        yield
    finally:
        connection.execute("ROLLBACK TO undone")
        connection.execute("RELEASE undone")
        connection.execute("PRAGMA ignore_check_constraints = 0")


def tables(connection: sqlite3.Connection) -> list[str]:
    return [name for kind, name, _ in connection.execute(SCHEMA).fetchall() if kind == "table"]


def contents(connection: sqlite3.Connection) -> Contents:
    """Read every row of every table, the schema included."""
    rows = {name: connection.execute(f'SELECT * FROM "{name}"').fetchall() for name in tables(connection)}  # noqa: S608
    return {"sqlite_schema": connection.execute(SCHEMA).fetchall(), **rows}


def contents_of(path: Path) -> Contents:
    """Read every row of a file."""
    connection = connect(path)
    found = contents(connection)
    connection.close()
    return found


def query(path: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Ask a file something behind the program's back."""
    connection = connect(path)
    rows: list[tuple[Any, ...]] = connection.execute(sql, values).fetchall()
    connection.close()
    return rows


def run(path: Path, *statements: str) -> None:
    """Change a file behind the program's back."""
    connection = connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def copied(source: Path, target: Path) -> Path:
    """Copy a closed database file."""
    return Path(shutil.copy(source, target))


@contextmanager
def acting(database: peewee.Database, act: Callable[[str], None]) -> Iterator[None]:
    """Let `act` see every statement before it runs, BEGIN and COMMIT included; it may raise instead."""
    run_sql, begin, commit = database.execute_sql, database.begin, database.commit
    cursor: Callable[[], Any] = database.cursor

    def watched(name: str, run: Callable[..., Any]) -> Callable[..., Any]:
        def seen(*arguments: Any) -> Any:
            act(name or arguments[0])
            return run(*arguments)

        return seen

    vars(database).update(
        execute_sql=watched("", run_sql),
        begin=watched("BEGIN", begin),
        commit=watched("COMMIT", commit),
        cursor=lambda: WatchedCursor(cursor(), watched),
    )
    try:
        yield
    finally:
        for name in ("execute_sql", "begin", "commit", "cursor"):
            del vars(database)[name]


class WatchedCursor:
    """A cursor whose statements for many rows are seen as one each. What `execute_sql` runs on it was seen there."""

    def __init__(self, cursor: Any, watched: Callable[[str, Callable[..., Any]], Callable[..., Any]]) -> None:
        self._cursor = cursor
        self.executemany = watched("", cursor.executemany)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)


@contextmanager
def counted(database: peewee.SqliteDatabase) -> Iterator[list[None]]:
    """Collect an element for every step of SQLite's machine."""
    steps: list[None] = []
    connection: sqlite3.Connection = database.connection()
    connection.set_progress_handler(lambda: steps.append(None), 1)
    try:
        yield steps
    finally:
        connection.set_progress_handler(None, 1)


def statements_of(database: peewee.Database, act: Callable[[], object]) -> list[str]:
    """Return the statements that `act` runs."""
    seen: list[str] = []
    with acting(database, seen.append):
        act()
    return seen


def failing(number: int, error: Exception, among: str = "") -> Callable[[str], None]:
    """Return an act that raises at the statement of that number, counted from 1 among those that begin so."""
    countdown = iter(range(number - 1, -1, -1))

    def act(statement: str) -> None:
        if re.match(among, statement) and next(countdown, -1) == 0:
            raise error

    return act
