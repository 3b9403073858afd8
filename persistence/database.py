"""Connections: how SQLite is opened, and which files are refused."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Self

import peewee

from domain.access import PERMISSIONS
from domain.money import Currency
from domain.ports import StorageError
from persistence import migrations
from persistence.library import sqlite3
from persistence.patience import ImpatientDatabase
from persistence.statements import storage_errors

APPLICATION_ID = 0x434F5554
"""What tells our files from others: "COUT", in the header of every one of them."""

BUSY_TIMEOUT_S = 5

MOST_REMEMBERED = 1000
"""Prepared statements a connection keeps. Preparing one with its triggers takes longer than running it, and what falls
out of pysqlite3's memory of 100 is always the newest.
"""

OLDEST_LIBRARY = (3, 37, 0)
SAFE_LIBRARY = (3, 51, 3)

_PRAGMAS: Mapping[str, int | str] = {
    "journal_mode": "wal",
    "synchronous": "full",  # an acknowledged answer survives a power cut; NORMAL loses what no checkpoint has synced
    "fullfsync": 1,  # macOS: a plain fsync does not reach the platter
    "checkpoint_fullfsync": 1,
    "foreign_keys": 1,
    "recursive_triggers": 1,
    "trusted_schema": 0,
    "cell_size_check": 1,
    "mmap_size": 0,  # an I/O error must be an error, not a SIGBUS
    "journal_size_limit": 64 * 1024 * 1024,
    "cache_size": -64 * 1024,
    "temp_store": "memory",
    "secure_delete": 1,  # nothing is deleted but the words of people, and those must be gone
}
_BROKEN = (peewee.DatabaseError, sqlite3.DatabaseError, UnicodeDecodeError)
"""What comes of damage. SQLite quotes a damaged schema, and what it quotes may be no text."""

_NO_CHECKPOINTS = {"wal_autocheckpoint": 0}
_ONE_FILE = {"journal_mode": "delete"}
_READS = {**_NO_CHECKPOINTS, "query_only": 1}


class DatabaseRefusedError(Exception):
    """The file cannot be served; the message says why, in one line."""


def connect_writer(path: Path) -> peewee.SqliteDatabase:
    """Return the server's writing connection: the only one that checkpoints."""
    return _connect(path, {})


def connect_beside(path: Path) -> peewee.SqliteDatabase:
    """Return a writing connection that is safe beside a running server: it never checkpoints.

    Two connections that checkpoint at once can corrupt the file in SQLite before 3.51.3.
    """
    return _connect(path, _NO_CHECKPOINTS)


def connect_reader(path: Path) -> peewee.SqliteDatabase:
    """Return a connection that cannot write."""
    return _connect(path, _READS)


def connect_impatient_reader(path: Path, milliseconds: int) -> peewee.SqliteDatabase:
    """Return a connection that cannot write, and that gives up any statement after so long."""
    return _connect(path, _READS, partial(ImpatientDatabase, milliseconds=milliseconds))


def connect_alone(path: Path) -> peewee.SqliteDatabase:
    """Return a writing connection to a file that nobody else has open, and that is to be handed on as one file."""
    return _connect(path, _ONE_FILE)


def risky_library() -> str | None:
    """Return the version of the SQLite library if it is one that can corrupt a WAL; see persistence/library.py."""
    return None if sqlite3.sqlite_version_info >= SAFE_LIBRARY else str(sqlite3.sqlite_version)


PERMITTED = frozenset((role.value, operation.value) for operation, roles in PERMISSIONS.items() for role in roles)
"""The permissions of the domain, as rows."""


def permitted(database: peewee.Database) -> frozenset[tuple[str, str]]:
    """Return the permissions that the database enforces."""
    return frozenset(database.execute_sql("SELECT role, operation FROM permission").fetchall())


def refuse_unfit(database: peewee.SqliteDatabase) -> None:
    """Raise DatabaseRefusedError unless the file is ours, migrated, not newer than we are, and has every wall."""
    with _refusing_unreadable():
        _refuse_other_schema(database)


def refuse_read_only(database: peewee.SqliteDatabase) -> None:
    """Raise DatabaseRefusedError for a file that nobody may write: SQLite opens it all the same."""
    try:
        database.execute_sql("UPDATE migration SET number = number WHERE FALSE")
    except peewee.OperationalError as error:
        raise DatabaseRefusedError(f"the database cannot be written: {error}") from error


def _refuse_other_schema(database: peewee.SqliteDatabase) -> None:
    refuse_strange_history(database)
    pending = migrations.pending(database)
    if pending:
        raise DatabaseRefusedError(f"the schema is {len(pending)} migration(s) behind: run `python main.py migrate`")
    missing = migrations.missing_walls(database)
    if missing:
        raise DatabaseRefusedError(f"the schema is not as it was made: {', '.join(missing)}")
    if permitted(database) != PERMITTED:
        raise DatabaseRefusedError("the permissions in the database are not those of this program")


def refuse_strange_history(database: peewee.SqliteDatabase) -> None:
    """Raise DatabaseRefusedError if the file is newer than this program, or was migrated by another text."""
    if fault := migrations.fault_in_history(database):
        raise DatabaseRefusedError(fault)


def migrate(database: peewee.SqliteDatabase) -> list[str]:
    """Bring the schema up to date; return the names of the migrations applied. Raises DatabaseRefusedError."""
    with database.atomic("IMMEDIATE"):
        refuse_strange_history(database)
        database.execute_sql(f"PRAGMA application_id = {APPLICATION_ID}")
        return migrations.apply_pending(database)


def refuse_other_exponents(database: peewee.SqliteDatabase, known: Mapping[str, Currency]) -> None:
    """Raise DatabaseRefusedError if a currency in the books has another exponent by now, or is gone."""
    with _refusing_unreadable():
        kept = database.execute_sql("SELECT code, exponent FROM currency").fetchall()
    for code, exponent in kept:
        if known.get(code) != Currency(code, exponent):
            raise DatabaseRefusedError(f"currency {code} is kept with {exponent} decimals, and the program differs")


@contextmanager
def _refusing_unreadable() -> Iterator[None]:
    """Raise DatabaseRefusedError where the file is damaged: what it holds is needed to serve it."""
    try:
        with storage_errors():
            yield
    except StorageError as error:
        raise DatabaseRefusedError(f"the database cannot be read: {error}") from error


class ServerLock:
    """Holds the file for one server process; released when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        # Resolved, so that a link to the file is the same file.
        self._descriptor = os.open(f"{path.resolve()}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._descriptor)
            raise DatabaseRefusedError("another server has this database open") from error

    def release(self) -> None:
        """Let the next server have the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


@contextmanager
def held_if_free(path: Path) -> Iterator[bool]:
    """Hold the file meanwhile, unless a server does; tell whether it is held."""
    with ExitStack() as held:
        try:
            held.enter_context(ServerLock(path))
        except DatabaseRefusedError:
            yield False
        else:
            yield True


def _connect(
    path: Path,
    extra: Mapping[str, int | str],
    kind: Callable[..., peewee.SqliteDatabase] = peewee.SqliteDatabase,
) -> peewee.SqliteDatabase:
    if sqlite3.sqlite_version_info < OLDEST_LIBRARY:
        raise DatabaseRefusedError(f"SQLite {sqlite3.sqlite_version} is too old: STRICT tables came with 3.37")
    if not path.parent.is_dir():
        raise DatabaseRefusedError(f"there is no folder {path.parent}")
    _refuse_log_without_file(path)
    if path.exists():
        _refuse_foreign(path)
    options = {"timeout": BUSY_TIMEOUT_S, "cached_statements": MOST_REMEMBERED}
    database = kind(str(path), pragmas={**_PRAGMAS, **extra}, **options)
    try:
        database.connect()
    except _BROKEN as error:
        raise DatabaseRefusedError(f"the database cannot be opened: {error}") from error
    return database


def _refuse_log_without_file(path: Path) -> None:
    """Raise DatabaseRefusedError where SQLite would begin anew, and delete a log that has the newest deeds in it."""
    file, log = (one.stat().st_size if one.exists() else 0 for one in (path, path.with_name(f"{path.name}-wal")))
    if log and not file:
        raise DatabaseRefusedError(f"{path} is missing or empty, and its write-ahead log is not: put the file back")


def _refuse_foreign(path: Path) -> None:
    """Raise DatabaseRefusedError if the file is no database, or somebody else's, before anything could change it."""
    if not path.is_file():
        raise DatabaseRefusedError(f"{path} is not a file")
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_TIMEOUT_S)
        ) as looking:
            looking.execute("BEGIN")
            (application_id,) = looking.execute("PRAGMA application_id").fetchone()
            (objects,) = looking.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except _BROKEN as error:
        raise DatabaseRefusedError(f"the file cannot be read as a database: {error}") from error
    if objects and application_id != APPLICATION_ID:
        raise DatabaseRefusedError("the file is a database, but not one of Countinghouse")
