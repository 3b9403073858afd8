"""Migrations: numbered, forward-only, plain SQL, each in one transaction with the record that it was applied."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import peewee

from persistence.library import sqlite3

_FOLDER = Path(__file__).parent
_FILE = re.compile(r"(?P<number>\d{4})_(?P<name>\w+)\.sqlite\.sql")

_HISTORY = """
CREATE TABLE IF NOT EXISTS migration (
    number   INTEGER PRIMARY KEY,
    name     TEXT NOT NULL,
    checksum TEXT NOT NULL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema. Once released, its text is never edited: the checksum would show."""

    number: int
    name: str
    sql: str

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the text."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def all_migrations() -> list[Migration]:
    """Return every migration, in order."""
    found = ((_FILE.fullmatch(path.name), path) for path in sorted(_FOLDER.iterdir()))
    return [Migration(int(match["number"]), match["name"], path.read_text()) for match, path in found if match]


def pending(database: peewee.SqliteDatabase) -> list[Migration]:
    """Return what has not been applied yet."""
    applied = _applied(database)
    return [migration for migration in all_migrations() if migration.number not in applied]


def newest_applied(database: peewee.SqliteDatabase) -> int:
    """Return the number of the newest migration that a file has; 0 if it has none."""
    return max(_applied(database), default=0)


def fault_in_history(database: peewee.SqliteDatabase) -> str | None:
    """Say why the history of this file is not ours to continue; None if it is."""
    known = {migration.number: migration for migration in all_migrations()}
    for number, checksum in _applied(database).items():
        if number not in known:
            return "the database is newer than this program"
        if checksum != known[number].checksum:
            return f"migration {number} is not the one that was applied"
    return None


def apply_pending(database: peewee.SqliteDatabase) -> list[str]:
    """Apply what is pending, under the write lock, so that a second starter finds nothing left to do."""
    with database.atomic("IMMEDIATE"):
        database.execute_sql(_HISTORY)
        todo = pending(database)
        for migration in todo:
            for statement in _statements(migration.sql):
                database.execute_sql(statement)
            record = (migration.number, migration.name, migration.checksum)
            database.execute_sql("INSERT INTO migration (number, name, checksum) VALUES (?, ?, ?)", record)
            database.execute_sql(f"PRAGMA user_version = {migration.number}")
    return [f"{migration.number:04} {migration.name}" for migration in todo]


def missing_walls(database: peewee.SqliteDatabase) -> list[str]:
    """Compare the schema with a freshly made one; name each table, index or trigger that is missing or altered."""
    fresh = peewee.SqliteDatabase(":memory:")
    apply_pending(fresh)
    expected, actual = _objects(fresh), _objects(database)
    fresh.close()
    return [
        *(f"{kind} {name} is missing" for kind, name in expected.keys() - actual.keys()),
        *(f"{kind} {name} was added" for kind, name in actual.keys() - expected.keys()),
        *(
            f"{kind} {name} was altered"
            for kind, name in expected.keys() & actual.keys()
            if expected[kind, name] != actual[kind, name]
        ),
    ]


def _objects(database: peewee.SqliteDatabase) -> dict[tuple[str, str], str]:
    query = r"SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\_%' ESCAPE '\'"
    rows = database.execute_sql(query).fetchall()
    return {(kind, name): sql for kind, name, sql in rows}


def _applied(database: peewee.SqliteDatabase) -> dict[int, str]:
    if "migration" not in database.get_tables():
        return {}
    return dict(database.execute_sql("SELECT number, checksum FROM migration").fetchall())


def _statements(script: str) -> Iterator[str]:
    """Split a script where SQLite itself sees a statement end; `executescript` would commit on the way."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
