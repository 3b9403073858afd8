"""Queries written in Peewee, rendered once, run many times.

Rendering a query costs Peewee fifty times what running it costs SQLite. A Statement keeps the text, and knows which of
its parameters are named holes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import peewee
from peewee import SQL, fn

from domain.ports import ReadingTookTooLongError, StorageError
from persistence.library import sqlite3

_INTERRUPTED = "interrupted"
"""What SQLite says of a statement that persistence/patience.py has given up."""


@contextmanager
def storage_errors() -> Iterator[None]:
    """Turn a failure of the database into StorageError. What the database refuses on our account stays what it is."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise StorageError("the database quotes what is no text") from error
    except (peewee.PeeweeException, sqlite3.Error) as error:
        if _is_ours(error):
            raise
        kind = ReadingTookTooLongError if str(error) == _INTERRUPTED else StorageError
        raise kind(_cause_of(error)) from error


def _is_ours(error: Exception) -> bool:
    """Tell a bug from a failing disk. A damaged file is reported by the base class itself."""
    if isinstance(error, peewee.OperationalError | peewee.InterfaceError | sqlite3.OperationalError):
        return False
    return type(error) not in {peewee.DatabaseError, sqlite3.DatabaseError}


def _cause_of(error: BaseException) -> str:
    """Return what went wrong first: a rollback that fails as well would hide it."""
    while error.__context__ is not None:
        error = error.__context__
    return str(error)


class Hole(peewee.ColumnBase):
    """A named parameter, filled when the statement runs."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __hash__(self) -> int:
        return hash(self.name)

    def clone(self) -> Hole:
        return self

    def __sql__(self, context: Any) -> Any:
        context._values.append(self)  # noqa: SLF001 - the one place where Peewee collects parameters
        return context.literal(context.state.param or "?")


class Statement:
    """A query rendered for SQLite: call it with a database and its holes' values, get the rows."""

    def __init__(self, query: peewee.Query) -> None:
        self.text, parameters = _rendered(query)
        self._parameters = tuple(
            (parameter.name, None) if isinstance(parameter, Hole) else (None, parameter) for parameter in parameters
        )

    def __call__(self, database: peewee.Database, **values: Any) -> list[tuple[Any, ...]]:
        parameters = [values[name] if name is not None else constant for name, constant in self._parameters]
        with storage_errors():
            rows: list[tuple[Any, ...]] = database.execute_sql(self.text, parameters).fetchall()
        return rows


def each(hole: str) -> peewee.Select:
    """Return the values of a JSON array parameter as a sub-select: one text for any number of them."""
    return peewee.Select([fn.json_each(Hole(hole))], [SQL("value")])


class RowStatement:
    """A change of one row, run for many: prepared once, with the values of each row in the order of `columns`."""

    def __init__(self, query: peewee.Query, columns: Sequence[str]) -> None:
        self.text, holes = _rendered(query)
        if [hole.name for hole in holes] != list(columns):
            raise ValueError(f"{self.text} does not take its columns in the order {', '.join(columns)}")

    def __call__(self, database: peewee.Database, rows: Sequence[tuple[Any, ...]]) -> None:
        with storage_errors():
            database.cursor().executemany(self.text, rows)


def insertion(table: type[peewee.Model], *columns: str) -> RowStatement:
    """Return the statement that inserts rows of these columns, in their order."""
    fields = table._meta.fields  # noqa: SLF001 - Peewee's name for its metadata
    return RowStatement(table.insert({fields[column]: Hole(column) for column in columns}), columns)


def change(table: type[peewee.Model], *columns: str) -> RowStatement:
    """Return the statement that gives rows new values in these columns; each row ends with its id."""
    fields = table._meta.fields  # noqa: SLF001 - Peewee's name for its metadata
    query = table.update({fields[column]: Hole(column) for column in columns}).where(fields["id"] == Hole("id"))
    return RowStatement(query, (*columns, "id"))


def array(values: Iterable[Any]) -> str:
    """Write values as the JSON array that `each` reads."""
    return json.dumps(values if isinstance(values, Sequence) else list(values), ensure_ascii=False)


def _rendered(query: peewee.Query) -> tuple[str, list[Any]]:
    text, parameters = peewee.SqliteDatabase(None).get_sql_context().sql(query).query()
    return text, parameters
