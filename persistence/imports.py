"""Imports: books made of an export, proved before they appear in an empty place."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import peewee

from persistence import database
from persistence.appearing import appearing, refuse_occupied
from persistence.exports import EXPORTED, FIRST, LAST, columns_of, exported, first_content, last_line, line_of, name_of
from persistence.proving import Proved, prove
from persistence.statements import insertion, storage_errors

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes. The longest that the program writes is the record of a batch of 1,000, of a few megabytes."""

KEEP_INDEXES = frozenset({"audit_targets_are_indexed", "entry_is_added_up"})
"""The triggers that make the rows which no export has. All the others are walls."""

NO_LINE = "this is no line of an export"


class ImportRefusedError(Exception):
    """What was given is no whole export of books that hold; the message says in one line what is wrong, and where."""


class _Taker:
    """Takes in an export line by line, and knows what it has taken."""

    def __init__(self, connection: peewee.SqliteDatabase) -> None:
        self._connection = connection
        self._digest = hashlib.sha256()
        self._counts: Counter[str] = Counter()
        self._is_closed = False

    def take(self, line: bytes) -> None:
        """Take in the next line. Raises ValueError if it is not one that can come here."""
        if self._is_closed:
            raise ValueError("nothing comes after the last line of an export")
        name, content = _read(line)
        if (name == FIRST) is not (not self._counts):
            raise ValueError("an export begins with the line that says what it is, and has no other such line")
        if name == LAST:
            self._close(line)
            return
        if name == FIRST:
            self._open(content)
        else:
            self._insert(name, content)
        self._digest.update(line)
        self._counts[name] += 1

    def require_end(self) -> None:
        """Raise ImportRefusedError if the last line has not come yet."""
        if not self._is_closed:
            lines = self._counts.total()
            raise ImportRefusedError(f"the export is cut off after line {lines}: the line that closes it is missing")

    def _open(self, content: Any) -> None:
        expected = first_content(self._connection)
        if not _is_row_of(expected, content):
            raise ValueError(NO_LINE)
        if content != expected:
            raise ValueError(
                f"the export is of {_named(content)}, and this program takes {_named(expected)}: "
                "import it with the program that wrote it, and migrate then"
            )

    def _close(self, line: bytes) -> None:
        if line != last_line(self._counts, self._digest.hexdigest()):
            raise ValueError("the lines before are not those that were exported: their number or their SHA-256 differs")
        self._is_closed = True

    def _insert(self, name: str, content: Any) -> None:
        if name not in _INSERTIONS:
            raise ValueError("there is no table of that name")
        columns, statement = _INSERTIONS[name]
        if not _is_row_of(columns, content):
            raise ValueError(f"a row of {name} has the columns {', '.join(columns)}")
        for column, kind in columns.items():
            if type(content[column]) not in kind:
                raise ValueError(f"{column} of {name} is not of its type")
        try:
            self._connection.execute_sql(statement, [content[column] for column in columns])
        except peewee.PeeweeException as error:
            raise ValueError(str(error)) from error


def import_books(source: BinaryIO, place: Path) -> Proved:
    """Make books of an export; return what they hold. Exported again, they are the same to the byte.

    Raises FileExistsError unless the place is empty, ImportRefusedError for anything but a whole export, and what
    `prove` raises where the books do not hold. Then nothing is left.
    """
    refuse_occupied(place)
    with appearing(place) as fresh, closing(database.connect_alone(fresh)) as connection:
        database.migrate(connection)
        closing_line = _take_in(connection, source)
        proved = prove(connection)
        if _last(exported(connection)) != closing_line:
            raise ImportRefusedError("the rows are not in the order of an export")
    return proved


def _take_in(connection: peewee.SqliteDatabase, source: BinaryIO) -> bytes:
    """Fill fresh tables, with the walls away meanwhile; return the last line."""
    taker, line = _Taker(connection), b""
    # Asked once at the end: for each row that others may refer to already, SQLite would look through all of those.
    connection.execute_sql("PRAGMA foreign_keys = 0")
    with storage_errors(), connection.atomic("IMMEDIATE"), _walls_away(connection):
        for table in EXPORTED:
            connection.execute_sql(f'DELETE FROM "{name_of(table)}"')  # noqa: S608 - a name of ours
        for number, line in enumerate(iter(partial(source.readline, LONGEST_LINE), b""), start=1):
            try:
                taker.take(line)
            except ValueError as error:
                raise ImportRefusedError(f"line {number}: {error}") from error
        taker.require_end()
        for child, _, parent, _ in connection.execute_sql("PRAGMA foreign_key_check").fetchall():
            raise ImportRefusedError(f"a row of {child} refers to one of {parent} that the export does not have")
    return line


@contextmanager
def _walls_away(connection: peewee.SqliteDatabase) -> Iterator[None]:
    """Put the walls away, which let nothing in but deeds of an open batch, and put them back as they were."""
    query = "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name"
    walls = [(name, sql) for name, sql in connection.execute_sql(query).fetchall() if name not in KEEP_INDEXES]
    for name, _ in walls:
        connection.execute_sql(f"DROP TRIGGER {name}")
    yield
    for _, sql in walls:
        connection.execute_sql(sql)


def _read(line: bytes) -> tuple[str, Any]:
    """Read a line: what it is about, and its content. Raises ValueError unless it is exactly as it would be written."""
    try:
        ((name, content),) = json.loads(line).items()
        is_canonical = line_of(name, content) == line
    except (AttributeError, TypeError, ValueError, RecursionError):
        is_canonical = False
    if not is_canonical:
        raise ValueError(NO_LINE)
    return name, content


def _is_row_of(columns: Mapping[str, Any], content: object) -> bool:
    return isinstance(content, dict) and content.keys() == columns.keys()


def _named(first: Mapping[str, Any]) -> str:
    return f"form {first['form']} and migration {first['migration']}"


def _last(lines: Iterator[bytes]) -> bytes:
    return deque(lines, maxlen=1)[0]


def _kinds(field: Any) -> Sequence[type]:
    kind = int if isinstance(field, peewee.BigIntegerField) else str
    return (kind, type(None)) if field.null else (kind,)


_INSERTIONS: Mapping[str, tuple[dict[str, Sequence[type]], str]] = {
    name_of(table): (
        {name: _kinds(field) for name, field in columns_of(table).items()},
        insertion(table, *columns_of(table)).text,
    )
    for table in EXPORTED
}
"""For each table the types of its columns, and the statement that inserts a row."""
