"""A writer and its books: put back under it, written to beside it, and taken from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from domain.access import SYSTEM, Role
from domain.ports import Outcome, Request, StorageError
from domain.services.accounts import OpenAccount
from domain.services.api_clients import CreateApiClient
from persistence import database
from persistence.batches import BatchWriter, BooksWentBackError
from persistence.books import read_head
from persistence.storage import Storage
from tests.support import raw
from tests.support.books import EUR, TestLedger, migrated
from tests.support.surroundings import CountingEntropy, CountingIds, StandingClock


@pytest.fixture
def storage(tmp_path: Path) -> Iterator[Storage]:
    migrated(tmp_path / "books.db").close()
    with closing(Storage(tmp_path / "books.db", 5000)) as storage:
        yield storage


def writer(storage: Storage) -> BatchWriter:
    return BatchWriter(
        storage.writing,
        clock=StandingClock(),
        ids=CountingIds(),
        entropy=CountingEntropy(),
        require=storage.require,
        tidy=storage.empty_log,
    )


def open_account(writer: BatchWriter, key: str) -> object:
    (outcome,) = writer.run([Request(SYSTEM, key, OpenAccount(currency=EUR, name="Wilhelmina"))])
    return outcome


def test_a_writer_writes_no_more_once_its_books_were_put_back(storage: Storage, tmp_path: Path) -> None:
    writing = writer(storage)
    open_account(writing, "one")
    storage.writing.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    older = raw.copied(tmp_path / "books.db", tmp_path / "older.db")
    open_account(writing, "two")
    storage.close()
    older.replace(tmp_path / "books.db")
    storage.writing.connect()
    with pytest.raises(BooksWentBackError, match="end with record 1, and 2 was written here"):
        open_account(writing, "three")
    assert read_head(storage.writing).sequence == 1


def test_storage_whose_books_went_back_is_lost(storage: Storage) -> None:
    ended: list[None] = []
    storage.on_loss = lambda: ended.append(None)
    with capture_logs() as logs:
        storage.reopen(BooksWentBackError("they are older"))
        storage.reopen(StorageError("and once more"))
    assert [entry["event"] for entry in logs] == ["storage_failed", "storage_lost", "storage_failed"]
    assert (storage.is_ready(), len(ended)) == (False, 1)


def test_nothing_is_written_to_storage_that_was_lost(storage: Storage) -> None:
    writing = writer(storage)
    storage.lose("somebody else writes")
    with pytest.raises(StorageError, match="somebody else writes"):
        open_account(writing, "one")
    assert read_head(storage.writing).sequence == 0


def write_beside(storage: Storage) -> None:
    """Write as a command beside the server does."""
    with closing(database.connect_beside(Path(storage.writing.database))) as books:
        TestLedger(books).succeed(CreateApiClient(name="till", role=Role.TELLER))


def test_the_log_is_emptied_once_others_have_written_and_only_then(storage: Storage, tmp_path: Path) -> None:
    log, writing = tmp_path / "books.db-wal", writer(storage)
    open_account(writing, "one")
    open_account(writing, "two")
    assert log.stat().st_size
    write_beside(storage)
    open_account(writing, "three")
    assert not log.stat().st_size
    open_account(writing, "four")
    assert log.stat().st_size


def test_the_log_is_emptied_after_the_first_batch_for_whoever_wrote_before_it(storage: Storage, tmp_path: Path) -> None:
    write_beside(storage)
    open_account(writer(storage), "one")
    assert not (tmp_path / "books.db-wal").stat().st_size


def test_nobody_waits_for_a_log_to_be_emptied(storage: Storage) -> None:
    statements = raw.statements_of(storage.writing, storage.empty_log)
    assert statements == ["PRAGMA busy_timeout = 0", "PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA busy_timeout = 5000"]


def test_a_log_that_somebody_reads_is_emptied_later(storage: Storage, tmp_path: Path) -> None:
    log, writing = tmp_path / "books.db-wal", writer(storage)
    open_account(writing, "one")
    write_beside(storage)
    with storage.reading.atomic("DEFERRED"):
        read_head(storage.reading)
        assert isinstance(open_account(writing, "two"), Outcome)
        assert log.stat().st_size
    open_account(writing, "three")
    assert not log.stat().st_size
