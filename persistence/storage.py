"""The server's connections, and what becomes of them when the disk fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import peewee
import structlog

from domain.ports import StorageError
from persistence import database
from persistence.batches import BooksWentBackError
from persistence.erasing import empty_log
from persistence.statements import storage_errors

_log = structlog.get_logger("countinghouse")


class Storage:
    """A writing and a reading connection. After a failure both are opened anew; if that fails the server must end."""

    def __init__(self, path: Path, read_milliseconds: int) -> None:
        self.writing = database.connect_writer(path)
        self.reading = database.connect_impatient_reader(path, read_milliseconds)
        self.loss: str | None = None
        self.on_loss: Callable[[], None] | None = None

    def reopen(self, failure: StorageError) -> None:
        """Start over: after a failed COMMIT nothing is known of the old connection. What is lost stays so."""
        _log.error("storage_failed", reason=str(failure))
        if self.is_lost:
            return
        if isinstance(failure, BooksWentBackError):
            self.lose(str(failure))
            return
        try:
            for connection in (self.writing, self.reading):
                connection.close()
                connection.connect()
        except peewee.PeeweeException as error:
            self.lose(f"the database could not be opened again: {error}")

    def lose(self, reason: str) -> None:
        """Have nothing written any more, and the server end. May be called in any thread."""
        _log.critical("storage_lost", reason=reason)
        self.loss = reason
        if self.on_loss:
            self.on_loss()

    def empty_log(self) -> bool:
        """Leave nothing in SQLite's log, so that what was erased is in it no more; tell whether that was possible."""
        try:
            with storage_errors():
                return empty_log(self.writing)
        except StorageError as error:
            _log.error("log_not_emptied", reason=str(error))
            return False

    @property
    def is_lost(self) -> bool:
        """Tell whether nothing may be written any more."""
        return self.loss is not None

    def is_ready(self) -> bool:
        """Tell whether the books can be read, and were not lost for writing."""
        return can_be_read(self.reading) and not self.is_lost

    def require(self) -> None:
        """Raise StorageError if the database was lost."""
        if self.loss is not None:
            raise StorageError(self.loss)

    def close(self) -> None:
        """Let go of the file. The writer goes last: whoever closes last checkpoints."""
        self.reading.close()
        self.writing.close()


def can_be_read(reading: peewee.Database) -> bool:
    """Tell whether a connection answers."""
    try:
        with storage_errors():
            reading.execute_sql("SELECT 1").fetchone()
    except StorageError:
        return False
    return True
