"""A connection that gives up what takes too long, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import peewee
import pytest

from domain.ports import ReadingTookTooLongError, StorageError
from persistence import database
from persistence.statements import storage_errors
from tests.support.books import migrated

COUNTING = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT count(*) FROM n"
LONG, SHORT = COUNTING.format(10**12), COUNTING.format(100)


@pytest.fixture
def impatient(tmp_path: Path) -> Iterator[peewee.SqliteDatabase]:
    migrated(tmp_path / "books.db").close()
    connection = database.connect_impatient_reader(tmp_path / "books.db", milliseconds=1)
    yield connection
    connection.close()


def counted(connection: peewee.SqliteDatabase, sql: str) -> int:
    with storage_errors():
        (count,) = connection.execute_sql(sql).fetchone()
    return int(count)


def test_a_statement_that_takes_too_long_is_given_up(impatient: peewee.SqliteDatabase) -> None:
    with pytest.raises(ReadingTookTooLongError):
        counted(impatient, LONG)


def test_the_next_statement_has_its_time_again(impatient: peewee.SqliteDatabase) -> None:
    for _ in range(3):
        with pytest.raises(ReadingTookTooLongError):
            counted(impatient, LONG)
        assert counted(impatient, SHORT) == 100


def test_a_connection_opened_anew_is_as_impatient(impatient: peewee.SqliteDatabase) -> None:
    impatient.close()
    impatient.connect()
    with pytest.raises(ReadingTookTooLongError):
        counted(impatient, LONG)


def test_it_cannot_write(impatient: peewee.SqliteDatabase) -> None:
    with pytest.raises(StorageError, match="readonly"), storage_errors():
        impatient.execute_sql("DELETE FROM audit")


def test_giving_up_is_a_failure_to_read_and_not_a_bug() -> None:
    assert issubclass(ReadingTookTooLongError, StorageError)
